/** Reads what the page shows from GetUser's answer. Pure. */

/** @typedef {{value: string | undefined, isVerified: boolean}} Known an address in the user pool */

/** @typedef {{email: Known, phone_number: Known, hasTotp: boolean}} User */

/**
 * @param {{UserAttributes: {Name: string, Value: string}[], UserMFASettingList?: string[]}} answer
 * @returns {User}
 */
export function userOf({ UserAttributes, UserMFASettingList = [] }) {
  const attributes = Object.fromEntries(UserAttributes.map(({ Name, Value }) => [Name, Value]));
  const known = (/** @type {string} */ name) => ({
    value: attributes[name],
    isVerified: attributes[`${name}_verified`] === "true",
  });
  return {
    email: known("email"),
    phone_number: known("phone_number"),
    hasTotp: UserMFASettingList.includes("SOFTWARE_TOKEN_MFA"),
  };
}
