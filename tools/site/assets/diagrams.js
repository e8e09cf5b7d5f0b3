// Draws the diagrams of a page with Mermaid. Mermaid is large, so only a page with a diagram loads it, from this host.

const SCRIPT = new URL("mermaid.js", document.currentScript.src);
/** A diagram shrinks to this part of its width, or to NARROWEST pixels if that is less. Below that, it scrolls. */
const SMALLEST_PART = 0.75;
const NARROWEST = 760;

const diagrams = [...document.querySelectorAll(".diagram")].map((element) => ({ element, text: element.textContent }));

/** Draws all diagrams in the colours of the page. */
async function draw() {
  const dark = document.body.dataset.mdColorScheme === "slate";
  const { fontFamily } = getComputedStyle(document.body);
  mermaid.initialize({ startOnLoad: false, theme: dark ? "dark" : "default", fontFamily });
  for (const [index, { element, text }] of diagrams.entries()) {
    const { svg } = await mermaid.render(`diagram-${index}`, text);
    element.innerHTML = svg;
    element.classList.add("drawn");
    const picture = element.querySelector("svg");
    picture.style.minWidth = `${Math.min(parseFloat(picture.style.maxWidth) * SMALLEST_PART, NARROWEST)}px`;
    // A diagram that scrolls can be focused, so that the keyboard can scroll it.
    element.tabIndex = element.scrollWidth > element.clientWidth ? 0 : -1;
  }
}

if (diagrams.length) {
  const script = document.createElement("script");
  script.src = SCRIPT;
  script.addEventListener("load", () => {
    let drawing = draw();
    new MutationObserver(() => {
      drawing = drawing.then(draw);
    }).observe(document.body, { attributeFilter: ["data-md-color-scheme"] });
  });
  document.head.append(script);
}
