/** What a request can come to, other than its answer. Each says in `message` what a person is shown. */

/** @import { Detail } from "./types/page.js" */

/** There is no network. */
export class Offline extends Error {
  constructor() {
    super("You are offline. This goes on when the connection is back.");
  }
}

/** No answer, or one that says that the server cannot do it now. */
export class ServerDown extends Error {
  constructor() {
    super("The service does not answer at the moment. Nothing you typed is lost; try again in a little while.");
  }
}

/** The session is over: its token was refused and could not be renewed. */
export class SignedOut extends Error {
  constructor() {
    super("Your session has ended. Sign in again to go on.");
  }
}

/** The user pool asks for something besides the password that this page cannot give. */
export class UnknownChallenge extends Error {
  /** @param {string} name Cognito's for it */
  constructor(name) {
    super(`This account needs a kind of sign-in that this page does not know: ${name}.`);
  }
}

/** The request was taken and has changed nothing. */
export class Unchanged extends Error {}

/** An answer that refuses the request, in the shape of the APIs' errors. */
export class Refused extends Error {
  /**
   * @param {number} status
   * @param {{code?: string, message?: string, details?: Detail[]}} [error]
   */
  constructor(status, { code = "Refused", message = "The request was refused.", details = [] } = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.details = details;
  }
}
