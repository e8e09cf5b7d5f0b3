import { now } from "./clock.js";
import { cognito } from "./cognito.js";
import { Refused, ServerDown, SignedOut, UnknownChallenge } from "./http.js";
import { tabStorage } from "./storage.js";

/** @import { Challenge, Person, Tokens } from "./types/page.js" */

// See decision D084.
const KEPT_AS = "session";
/** The part of a token's lifetime after which it is renewed: a token of one hour has six minutes left. */
const RENEWED_AFTER = 0.9;
const OPERATORS = "operators";
/** The errors that mean the refresh token has expired. Any other error, such as throttling, is temporary. */
const OVER = ["NotAuthorizedException", "UserNotFoundException"];
/**
 * The challenges that this page supports, each with the parameter for its answer.
 *
 * @type {Record<string, string>}
 */
const ANSWERED_IN = { SOFTWARE_TOKEN_MFA: "SOFTWARE_TOKEN_MFA_CODE", NEW_PASSWORD_REQUIRED: "NEW_PASSWORD" };

/**
 * The signed-in person. The tokens are kept in the tab's session storage, so they are gone when the tab closes.
 *
 * Dispatches "change" when somebody signs in or out, when the session ends, and when the tokens are renewed.
 */
export class Session extends EventTarget {
  /** @type {Tokens | null} */
  #tokens;
  /** @type {Promise<void> | null} */
  #renewal = null;

  /** @param {{signIn: string, clientId: string}} config */
  constructor({ signIn, clientId }) {
    super();
    this.address = signIn;
    this.clientId = clientId;
    this.#tokens = JSON.parse(tabStorage.get(KEPT_AS) ?? "null");
    /** Whether the session has ended although the person did not sign out. The page then asks for the password. */
    this.isOver = false;
  }

  /** @returns {Person | null} */
  get person() {
    return this.#tokens ? personOf(claimsOf(this.#tokens.id)) : null;
  }

  /**
   * Returns the ID token. Renews it first if it is near its end, or if it is `instead`, a token that an API refused.
   *
   * @param {{instead?: string}} [refused]
   * @throws {SignedOut} if it cannot be renewed
   */
  async token({ instead } = {}) {
    return (await this.#current(instead)).id;
  }

  /**
   * Calls a Cognito operation that needs the person's access token.
   *
   * @param {string} operation
   * @param {Record<string, unknown>} [parameters]
   * @param {{isRepeated?: boolean}} [options] `isRepeated`: once more with a new token, if the call is not authorised
   * @returns {Promise<any>}
   */
  async ask(operation, parameters = {}, { isRepeated = true } = {}) {
    const call = (/** @type {Tokens} */ { access }) =>
      cognito(this.address, operation, { AccessToken: access, ...parameters });
    try {
      return await call(await this.#current());
    } catch (failure) {
      if (!isRepeated || failure.code !== "NotAuthorizedException") {
        throw failure;
      }
      return call(await this.#renewed());
    }
  }

  /** Renews the ID token, for example to see an address that was just verified in its claims. */
  async refresh() {
    await this.#renewed();
  }

  /**
   * @param {string} email
   * @param {string} password
   * @returns {Promise<Challenge | null>} what Cognito asks for in addition to the password
   * @throws {UnknownChallenge} if `answer` does not support the challenge
   */
  async signIn(email, password) {
    const answer = await this.#call("InitiateAuth", {
      AuthFlow: "USER_PASSWORD_AUTH",
      AuthParameters: { USERNAME: email, PASSWORD: password },
    });
    return this.#began(answer, email);
  }

  /**
   * Answers a challenge: with the code of an authenticator app, or with a new password.
   *
   * @param {Challenge} challenge
   * @param {string} text
   * @returns {Promise<Challenge | null>} what Cognito asks for next
   */
  async answer(challenge, text) {
    const answer = await this.#call("RespondToAuthChallenge", {
      ChallengeName: challenge.name,
      Session: challenge.session,
      ChallengeResponses: { USERNAME: challenge.knownAs, [ANSWERED_IN[challenge.name]]: text },
    });
    return this.#began(answer, challenge.knownAs);
  }

  /**
   * @param {string} email
   * @param {string} password
   */
  signUp(email, password) {
    const attributes = [{ Name: "email", Value: email }];
    return this.#call("SignUp", { Username: email, Password: password, UserAttributes: attributes });
  }

  /**
   * @param {string} email
   * @param {string} code
   */
  confirm(email, code) {
    return this.#call("ConfirmSignUp", { Username: email, ConfirmationCode: code });
  }

  /** @param {string} email */
  sendCodeAgain(email) {
    return this.#call("ResendConfirmationCode", { Username: email });
  }

  /** @param {string} email */
  forgotPassword(email) {
    return this.#call("ForgotPassword", { Username: email });
  }

  /**
   * @param {string} email
   * @param {string} code
   * @param {string} password
   */
  setForgotten(email, code, password) {
    return this.#call("ConfirmForgotPassword", { Username: email, ConfirmationCode: code, Password: password });
  }

  /** Signs out at once. Asks Cognito to revoke the refresh token, and does not wait for the answer. */
  signOut() {
    const token = this.#tokens?.refresh;
    this.#keep(null);
    if (token) {
      this.#call("RevokeToken", { Token: token }).catch(() => {});
    }
  }

  /** Forgets the tokens of a deleted account. The view stays, so that it can show the receipt. */
  leave() {
    this.#tokens = null;
    tabStorage.remove(KEPT_AS);
  }

  /** Ends a session whose tokens are no longer accepted. */
  end() {
    if (this.#tokens && !this.isOver) {
      this.isOver = true;
      tabStorage.remove(KEPT_AS);
      this.dispatchEvent(new Event("change"));
    }
  }

  /**
   * @param {string} operation
   * @param {Record<string, unknown>} parameters
   */
  #call(operation, parameters) {
    return cognito(this.address, operation, { ClientId: this.clientId, ...parameters });
  }

  /**
   * @param {any} answer Cognito's answer
   * @param {string} calledSo the name that the person signed in with
   * @returns {Challenge | null}
   */
  #began(answer, calledSo) {
    const { ChallengeName: name, ChallengeParameters: about, Session: session } = answer;
    if (name) {
      if (!(name in ANSWERED_IN)) {
        throw new UnknownChallenge(name);
      }
      // The pool's own name for the person, which may differ from the address. The next request must use it.
      return { name, session, knownAs: about?.USER_ID_FOR_SRP || calledSo };
    }
    this.#keep(tokensOf(answer.AuthenticationResult));
    return null;
  }

  /** @param {string} [instead] a token that was refused */
  async #current(instead) {
    if (!this.#tokens || this.isOver) {
      throw new SignedOut();
    }
    if (now() >= this.#tokens.renewedFrom || this.#tokens.id === instead) {
      return this.#renewed();
    }
    return this.#tokens;
  }

  /**
   * Returns the renewed tokens. Only one renewal runs at a time, and all calls wait for it.
   *
   * @throws {SignedOut} if they cannot be renewed
   */
  async #renewed() {
    this.#renewal ??= this.#renew().finally(() => {
      this.#renewal = null;
    });
    await this.#renewal;
    if (!this.#tokens || this.isOver) {
      throw new SignedOut();
    }
    return this.#tokens;
  }

  async #renew() {
    const before = this.#tokens;
    if (!before) {
      throw new SignedOut();
    }
    try {
      const answer = await this.#call("InitiateAuth", {
        AuthFlow: "REFRESH_TOKEN_AUTH",
        AuthParameters: { REFRESH_TOKEN: before.refresh },
      });
      // The person may have signed out meanwhile.
      if (this.#tokens === before) {
        this.#keep({ refresh: before.refresh, ...tokensOf(answer.AuthenticationResult) });
      }
    } catch (failure) {
      if (!(failure instanceof Refused)) {
        throw failure;
      }
      if (!OVER.includes(failure.code)) {
        throw new ServerDown();
      }
      // The person may have signed in again meanwhile.
      if (this.#tokens === before) {
        this.end();
      }
    }
  }

  /** @param {Tokens | null} tokens */
  #keep(tokens) {
    this.#tokens = tokens;
    this.isOver = false;
    if (tokens) {
      tabStorage.set(KEPT_AS, JSON.stringify(tokens));
    } else {
      tabStorage.remove(KEPT_AS);
    }
    this.dispatchEvent(new Event("change"));
  }
}

/** @type {(result: any) => Tokens} from Cognito's authentication result */
function tokensOf({ IdToken, AccessToken, RefreshToken, ExpiresIn }) {
  const tokens = { id: IdToken, access: AccessToken, renewedFrom: now() + ExpiresIn * 1000 * RENEWED_AFTER };
  return RefreshToken ? { ...tokens, refresh: RefreshToken } : tokens;
}

/**
 * Returns the claims of an ID token without validating them. The APIs validate it.
 *
 * @param {string} token
 */
function claimsOf(token) {
  const base64 = token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/");
  return JSON.parse(new TextDecoder().decode(Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0))));
}

/**
 * @param {Record<string, any>} claims
 * @returns {Person}
 */
function personOf(claims) {
  const verified = (/** @type {string} */ name) =>
    String(claims[`${name}_verified`]) === "true" ? (claims[name] ?? null) : null;
  return {
    id: claims.sub,
    email: claims.email,
    verifiedEmail: verified("email"),
    verifiedPhone: verified("phone_number"),
    isOperator: [claims["cognito:groups"] ?? []].flat().includes(OPERATORS),
  };
}
