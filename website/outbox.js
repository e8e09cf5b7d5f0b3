/** Turns the engine's answers into what the outbox shows. Pure. */

const WAIT_SCALE = "stepfunctions._SFN_WAIT_SCALE";

/**
 * @typedef {object} MailOfEngine
 * @property {string} MessageId
 * @property {string[]} To
 * @property {string} Source
 * @property {string} Subject
 * @property {string | null} [BodyText]
 * @property {string | null} [BodyHtml]
 * @property {number | string} Timestamp
 */

/**
 * @typedef {object} Mail
 * @property {string} id
 * @property {string} to
 * @property {string} from
 * @property {string} subject
 * @property {string} text
 * @property {string | null} part says which part of the mail `text` is, or null if the mail has only this part
 * @property {string} at
 */

/** @typedef {{phone: string, texts: {id: string, text: string}[]}} Conversation */

/** @typedef {{name: string, messages: {id: string, body: string}[]}} Queue */

/** @param {boolean} isSkipped */
export const waitsOf = (isSkipped) => ({ [WAIT_SCALE]: isSkipped ? 0 : 1 });

/**
 * Whether the engine's answer confirms the setting. The engine cannot be asked for it later.
 *
 * @param {{applied?: Record<string, number>} | undefined} answer
 * @param {boolean} isSkipped
 */
export const isApplied = (answer, isSkipped) => answer?.applied?.[WAIT_SCALE] === waitsOf(isSkipped)[WAIT_SCALE];

/**
 * The page's security policy forbids showing a mail's HTML, so `text` is its plain text, or the HTML source if the mail
 * has no plain text.
 *
 * @param {{messages: Record<string, MailOfEngine[]>}} answer
 * @returns {Mail[]} newest first
 */
export function mailsOf({ messages }) {
  const mails = Object.values(messages).flat();
  return mails
    .map((mail) => ({
      id: mail.MessageId,
      to: mail.To.join(", "),
      from: mail.Source,
      subject: mail.Subject,
      text: mail.BodyText || mail.BodyHtml || "",
      part: partOf(mail),
      at: typeof mail.Timestamp === "number" ? new Date(mail.Timestamp * 1000).toISOString() : mail.Timestamp,
    }))
    .sort((one, other) => (one.at < other.at ? 1 : -1));
}

/**
 * Returns where a link of a mail leads. Mails name an API's address as on AWS, but on the laptop cloud the API is at `api`.
 *
 * @param {string} link
 * @param {string} api the API's address, which ends with its id and its stage
 */
export function leadsTo(link, api) {
  const [, id, path] = /^https:\/\/([a-z0-9]+)\.execute-api\.[^/]+(\/.*)$/.exec(link) ?? [];
  return id && api.includes(`/${id}/`) ? api.slice(0, api.lastIndexOf("/")) + path : link;
}

/** @param {MailOfEngine} mail */
function partOf({ BodyText, BodyHtml }) {
  if (!BodyHtml) {
    return null;
  }
  return BodyText ? "Plain-text version (the mail also has HTML)." : "HTML source (the mail has no plain text).";
}

/**
 * @param {{sms_messages: Record<string, {MessageId: string, Message: string}[]>}} answer
 * @returns {Conversation[]} oldest first
 */
export function textsOf(answer) {
  return Object.entries(answer.sms_messages).map(([phone, texts]) => ({
    phone,
    texts: texts.map(({ MessageId, Message }) => ({ id: MessageId, text: Message })),
  }));
}

/**
 * @param {{messages: Record<string, Record<string, Record<string, {MessageId: string, Body: string}[]>>>}} answer
 *   messages by URL, by region, by account
 * @param {Record<string, string>} queues URL by name
 * @returns {Queue[]}
 */
export function queuesOf({ messages }, queues) {
  const byName = Object.values(messages)
    .flatMap((regions) => Object.values(regions))
    .flatMap((found) => Object.entries(found).map(([url, list]) => [lastPart(url), list]));
  /** @type {Record<string, {MessageId: string, Body: string}[]>} */
  const all = Object.fromEntries(byName);
  return Object.entries(queues).map(([name, url]) => ({
    name,
    messages: (all[lastPart(url)] ?? []).map(({ MessageId, Body }) => ({ id: MessageId, body: readable(Body) })),
  }));
}

/**
 * Compares queues by name: the host and port of a queue's URL depend on the client that asks.
 *
 * @param {string} url
 */
const lastPart = (url) => url.slice(url.lastIndexOf("/") + 1);

/** @param {string} text */
function readable(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
