import { Refused, ServerDown, send } from "./http.js";

/** @type {Record<string, string>} */
const WORDS = {
  NotAuthorizedException: "This was refused. Sign out, and in again.",
  UserNotFoundException: "The e-mail address or the password is wrong.",
  UserNotConfirmedException: "The e-mail address is not confirmed yet.",
  UsernameExistsException: "There is an account with this e-mail address already. Sign in instead.",
  AliasExistsException: "Another account has this address already.",
  InvalidPasswordException:
    "The password needs 12 characters, among them a capital and a small letter, a digit and a symbol.",
  CodeMismatchException: "The code is wrong. Look at it again, or ask for another one.",
  EnableSoftwareTokenMFAException:
    "The code is wrong. Wait for the app’s next one, and see that this device’s clock is right.",
  ExpiredCodeException: "The code is too old. Ask for another one.",
  CodeDeliveryFailureException: "The code could not be sent. See that the address is right.",
  LimitExceededException: "That was too often. Wait a few minutes, then try again.",
  TooManyRequestsException: "That was too often. Wait a few minutes, then try again.",
  TooManyFailedAttemptsException: "That was too often. Wait a few minutes, then try again.",
  PasswordResetRequiredException: "This account needs a new password. Choose “Forgotten password?”.",
};

const CONFIRMED = "This address is confirmed already. Sign in instead.";
const NO_CHANGE = "The password of this account cannot be changed this way now.";

/**
 * What a code stands for where that depends on what was asked.
 *
 * @type {Record<string, Record<string, string>>}
 */
const WORDS_OF = {
  InitiateAuth: { NotAuthorizedException: WORDS.UserNotFoundException },
  RespondToAuthChallenge: {
    NotAuthorizedException: "That took too long. Sign in again with your password.",
    CodeMismatchException: WORDS.EnableSoftwareTokenMFAException,
    ExpiredCodeException: "The code is used or too old. Wait for the app’s next one.",
  },
  ConfirmSignUp: { NotAuthorizedException: CONFIRMED },
  ResendConfirmationCode: { InvalidParameterException: CONFIRMED },
  ForgotPassword: { NotAuthorizedException: NO_CHANGE },
  ConfirmForgotPassword: { NotAuthorizedException: NO_CHANGE },
};

/**
 * These come with the code of a wrong password; only the message tells them apart.
 *
 * @type {[RegExp, string][]}
 */
const WORDS_FOR = [
  [/attempts exceeded/i, WORDS.TooManyFailedAttemptsException],
  [/^User is disabled/i, "This account is disabled. An operator of the user pool can enable it again."],
];

/**
 * Calls Cognito's API, without a library.
 *
 * @param {string} address
 * @param {string} operation such as `InitiateAuth`
 * @param {Record<string, unknown>} parameters
 * @returns {Promise<any>}
 * @throws {Refused} whose `code` is Cognito's name for the error, and whose `message` says it in words
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
  const [, told] = WORDS_FOR.find(([sign]) => sign.test(message)) ?? [];
  const words = told ?? WORDS_OF[operation]?.[code] ?? WORDS[code];
  return new Refused(status, { code, message: words ?? (message || "This was refused.") });
}
