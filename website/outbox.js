/** What the laptop's engine shows of itself, by what the page shows of it. Pure. */

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
 * @property {string | null} part what of the mail `text` is, where that is not all
 * @property {string} at
 */

/** @typedef {{phone: string, texts: {id: string, text: string}[]}} Conversation */

/** @typedef {{name: string, messages: {id: string, body: string}[]}} Queue */

/** @param {boolean} isSkipped */
export const waitsOf = (isSkipped) => ({ [WAIT_SCALE]: isSkipped ? 0 : 1 });

/**
 * Whether the engine's answer says that it was set so. It tells nobody later how it is set.
 *
 * @param {{applied?: Record<string, number>} | undefined} answer
 * @param {boolean} isSkipped
 */
export const isApplied = (answer, isSkipped) => answer?.applied?.[WAIT_SCALE] === waitsOf(isSkipped)[WAIT_SCALE];

/**
 * The page's security policy lets no HTML of a mail be shown as such: the text part is, or else its source.
 *
 * @param {{messages: Record<string, MailOfEngine[]>}} answer
 * @returns {Mail[]} last first
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

/** @param {MailOfEngine} mail */
function partOf({ BodyText, BodyHtml }) {
  if (!BodyHtml) {
    return null;
  }
  return BodyText ? "The text part; there is HTML besides." : "The source of its HTML.";
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
 * Hosts and ports differ between who asks; names do not.
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
