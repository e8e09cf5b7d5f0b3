/**
 * Lets the browser save a document as a JSON file.
 *
 * @param {string} name
 * @param {unknown} document_
 */
export function saveJson(name, document_) {
  const address = URL.createObjectURL(new Blob([JSON.stringify(document_, null, 2)], { type: "application/json" }));
  const link = Object.assign(document.createElement("a"), { href: address, download: name });
  link.click();
  // The browser has begun to read the file by then.
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
