import { Refused, ServerDown } from "./failures.js";
import { send } from "./http.js";

const WORDS = {
  NotAuthorizedException: "The e-mail address or the password is wrong.",
  UserNotFoundException: "The e-mail address or the password is wrong.",
  UserNotConfirmedException: "The e-mail address is not confirmed yet.",
  UsernameExistsException: "There is an account with this e-mail address already. Sign in instead.",
  AliasExistsException: "Another account has this address already.",
  InvalidPasswordException:
    "The password needs 12 characters, among them a capital and a small letter, a digit and a symbol.",
  CodeMismatchException: "The code is wrong. Look at it again, or ask for another one.",
  EnableSoftwareTokenMFAException:
    "The code is wrong. Wait for the app's next one, and see that this device's clock is right.",
  ExpiredCodeException: "The code is too old. Ask for another one.",
  CodeDeliveryFailureException: "The code could not be sent. See that the address is right.",
  LimitExceededException: "That was too often. Wait a few minutes, then try again.",
  TooManyRequestsException: "That was too often. Wait a few minutes, then try again.",
  TooManyFailedAttemptsException: "That was too often. Wait a few minutes, then try again.",
  PasswordResetRequiredException: "This account needs a new password. Choose “Forgotten password?”.",
};

/**
 * Calls Cognito's API, without a library.
 *
 * @param {string} address
 * @param {string} operation such as `InitiateAuth`
 * @param {Record<string, unknown>} parameters
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
    throw refusal(status, body ?? {});
  }
  return body;
}

function refusal(status, { __type = "", message = "" }) {
  const code = __type.split("#").at(-1);
  // The one code stands for both; only the message tells them apart.
  const words = /attempts exceeded/i.test(message) ? WORDS.TooManyFailedAttemptsException : WORDS[code];
  return new Refused(status, { code, message: words ?? (message || "This was refused.") });
}
