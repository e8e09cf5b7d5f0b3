import { Refused, ServerDown, send } from "./http.js";

const TOO_OFTEN = "Too many attempts. Wait a few minutes, then try again.";

/** @type {Record<string, string>} */
const WORDS = {
  NotAuthorizedException: "Your sign-in is no longer valid. Sign out, then sign in again.",
  UserNotFoundException: "The e-mail address or the password is wrong.",
  UserNotConfirmedException:
    "This e-mail address is not confirmed yet. Confirm it with the code that we mailed to you.",
  UsernameExistsException: "This e-mail address already has an account. Sign in instead.",
  AliasExistsException: "Another account already uses this address. Enter a different one.",
  InvalidPasswordException: "Use at least 12 characters, with upper-case and lower-case letters, a digit and a symbol.",
  CodeMismatchException: "The code is wrong. Check it, or ask for another one.",
  EnableSoftwareTokenMFAException:
    "The code is wrong. Check that the app’s device shows the right time, then enter the next code.",
  ExpiredCodeException: "The code has expired. Ask for another one.",
  CodeDeliveryFailureException: "We could not send the code. Check the address.",
  LimitExceededException: TOO_OFTEN,
  TooManyRequestsException: TOO_OFTEN,
  TooManyFailedAttemptsException: TOO_OFTEN,
  PasswordResetRequiredException: "This account needs a new password. Choose “Forgotten password?”.",
};

const CONFIRMED = "This address is already confirmed. Sign in.";
const NO_CHANGE = "You cannot reset the password of this account here. Ask an administrator for help.";

/**
 * The words for an error code that means something else in this operation.
 *
 * @type {Record<string, Record<string, string>>}
 */
const WORDS_OF = {
  InitiateAuth: { NotAuthorizedException: WORDS.UserNotFoundException },
  RespondToAuthChallenge: {
    NotAuthorizedException: "That took too long. Sign in again with your password.",
    CodeMismatchException: WORDS.EnableSoftwareTokenMFAException,
    ExpiredCodeException: "This code was already used or has expired. Enter the app’s next code.",
  },
  ChangePassword: { NotAuthorizedException: "The current password is wrong." },
  ConfirmSignUp: { NotAuthorizedException: CONFIRMED },
  ResendConfirmationCode: { InvalidParameterException: CONFIRMED },
  ForgotPassword: { NotAuthorizedException: NO_CHANGE },
  ConfirmForgotPassword: { NotAuthorizedException: NO_CHANGE },
};

/**
 * Cognito answers these with the code of a wrong password. Only its message differs.
 *
 * @type {[RegExp, string][]}
 */
const WORDS_FOR = [
  [/attempts exceeded/i, WORDS.TooManyFailedAttemptsException],
  [/^User is disabled/i, "This account is disabled. Ask an administrator to enable it."],
];

/**
 * Calls Cognito's API.
 *
 * @param {string} address
 * @param {string} operation such as `InitiateAuth`
 * @param {Record<string, unknown>} parameters
 * @returns {Promise<any>}
 * @throws {Refused} with Cognito's error name as `code`, and a text for the person as `message`
 */
export async function cognito(address, operation, parameters) {
  const { status, body } = await send(address, {
    method: "POST",
    headers: {
      "Content-Type": "application/x-amz-json-1.1",
      "X-Amz-Target": `AWSCognitoIdentityProviderService.${operation}`,
    },
    body: parameters,
  });
  if (status >= 500) {
    throw new ServerDown();
  }
  if (status >= 400) {
    throw refusal(operation, status, body ?? {});
  }
  return body;
}

/**
 * @param {string} operation
 * @param {number} status
 * @param {{__type?: string, message?: string}} body
 */
function refusal(operation, status, { __type = "", message = "" }) {
  const code = __type.slice(__type.lastIndexOf("#") + 1);
  const [, byMessage] = WORDS_FOR.find(([sign]) => sign.test(message)) ?? [];
  const words = byMessage ?? WORDS_OF[operation]?.[code] ?? WORDS[code];
  return new Refused(status, { code, message: words ?? (message || undefined) });
}
