/** What the laptop's engine shows of itself, by what the page shows of it. Pure. */

const WAIT_SCALE = "stepfunctions._SFN_WAIT_SCALE";

export const waitsOf = (isSkipped) => ({ [WAIT_SCALE]: isSkipped ? 0 : 1 });

/** Whether the engine's answer says that it was set so. It tells nobody later how it is set. */
export const isApplied = (answer, isSkipped) => answer?.applied?.[WAIT_SCALE] === waitsOf(isSkipped)[WAIT_SCALE];

/**
 * The page's security policy lets no HTML of a mail be shown as such: the text part is, or else its source.
 *
 * @returns {{id: string, to: string, from: string, subject: string, text: string, part: string | null, at: string}[]}
 *   last first; `part` tells what of the mail `text` is, where that is not all
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

function partOf({ BodyText, BodyHtml }) {
  if (!BodyHtml) {
    return null;
  }
  return BodyText ? "The text part; there is HTML besides." : "The source of its HTML.";
}

/** @returns {{phone: string, texts: {id: string, text: string}[]}[]} by number, oldest first as in a conversation */
export function textsOf(answer) {
  return Object.entries(answer.sms_messages).map(([phone, texts]) => ({
    phone,
    texts: texts.map(({ MessageId, Message }) => ({ id: MessageId, text: Message })),
  }));
}

/**
 * @param {Record<string, string>} queues URL by name
 * @returns {{name: string, messages: {id: string, body: string}[]}[]}
 */
export function queuesOf({ messages }, queues) {
  const byName = Object.values(messages)
    .flatMap((regions) => Object.values(regions))
    .flatMap((found) => Object.entries(found).map(([url, list]) => [lastPart(url), list]));
  const all = Object.fromEntries(byName);
  return Object.entries(queues).map(([name, url]) => ({
    name,
    messages: (all[lastPart(url)] ?? []).map(({ MessageId, Body }) => ({ id: MessageId, body: readable(Body) })),
  }));
}

/** Hosts and ports differ between who asks; names do not. */
const lastPart = (url) => url.split("/").at(-1);

function readable(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
