import { follow } from "./clock.js";
import { loadConfig } from "./config.js";
import { NAME, OFFLINE, dialog, footer, header, startTheme } from "./frame.js";
import { homeOf, routeOf, routesFor } from "./routes.js";
import { Session } from "./session.js";
import { focusOn, hasLostFocus, inWords, notice, say, skeleton } from "./ui.js";
import { html, nothing, render } from "./vendor/lit-html.js";
import { SignIn } from "./views/sign-in/sign-in.js";

/** @import { Counts } from "./counts.js" */
/** @import { Config, Mode, Person, Route, View } from "./types/page.js" */

const WHEN_IDLE = 1500;
const NOT_STARTED = "The page could not start";
/** @type {Record<string, Mode>} the sign-in's forms by address */
const DOORS = { "sign-in": "signIn", "sign-up": "signUp", confirm: "confirm", forgotten: "forgotten" };

const root = /** @type {HTMLElement} */ (document.getElementById("app"));
const again = new EventTarget();

// `start` sets both before the first call of `enter`.
/** @type {Config} */
let config;
/** @type {Session} */
let session;
/** @type {Error | null} why the page could not start */
let failure = null;
/**
 * The view that is shown. The sign-in has no title here. `view` is missing until its module is loaded.
 *
 * @type {{title?: string, view?: View, route?: Route, leave: AbortController, person: string | null}}
 */
let current = { leave: new AbortController(), person: null };
/** @type {SignIn | null} */
let door = null;
/** @type {string | null} the address to open after the sign-in */
let returnsTo = null;
/** @type {Counts | null} the work that waits, if an operator is signed in */
let counts = null;

const place = () => location.hash.replace(/^#\/?/, "");
const isDoor = () => Object.hasOwn(DOORS, place());

async function start() {
  failure = null;
  update();
  try {
    config = await loadConfig();
  } catch (caught) {
    failure = caught;
    update();
    return;
  }
  await follow(config.outbox);
  session = new Session(config);
  session.addEventListener("change", sessionChanged);
  addEventListener("hashchange", () => enter({ isMove: true }));
  await enter();
}

/** Loads the other views in advance, so that they open at once, and offline too. */
function fetchTheRest() {
  const { person } = session;
  for (const route of person ? routesFor({ person, config }) : []) {
    // Opening the view loads its module again and shows any error.
    route.load().catch(() => {});
  }
}

function sessionChanged() {
  const over = document.querySelector("dialog");
  if (session.isOver) {
    door = new SignIn({ session, update, say, email: session.person?.email });
    update();
    over?.showModal();
    focusOn("door-password");
    return;
  }
  over?.close();
  door = null;
  if ((session.person?.id ?? null) !== current.person) {
    counts = null;
    enter({ isMove: true });
  } else {
    update();
    if (hasLostFocus()) {
      document.querySelector("h1")?.focus();
    }
    again.dispatchEvent(new Event("again"));
  }
}

/** Shows the view of the address. If nobody is signed in, shows the sign-in first. */
async function enter({ isMove = false } = {}) {
  const { person } = session;
  if (!person) {
    enterDoor();
  } else if (place() === "" || isDoor()) {
    location.replace(`#/${returnsTo ?? homeOf(person)}`);
    returnsTo = null;
    return;
  } else if (!(await enterView(person))) {
    return;
  }
  update();
  if (isMove) {
    scrollTo(0, 0);
    document.querySelector("h1")?.focus({ preventScroll: true });
  }
}

function enterDoor() {
  const mode = isDoor() ? DOORS[place()] : "signIn";
  if (!isDoor() && place()) {
    returnsTo = place();
  }
  current.leave.abort();
  current = { leave: new AbortController(), person: null };
  door ??= new SignIn({ session, update, say, move: moveTo, demoUsers: config.demoUsers });
  door.enter(mode);
}

/** @param {Mode} mode */
function moveTo(mode) {
  const address = Object.keys(DOORS).find((candidate) => DOORS[candidate] === mode);
  if (address === place()) {
    door?.enter(mode);
  } else {
    location.assign(`#/${address}`);
  }
}

/**
 * Loads the view of the address. Returns false if the person went to another view meanwhile.
 *
 * @param {Person} person
 */
async function enterView(person) {
  const found = routeOf(place(), { person, config });
  const { view, route } = current;
  if (found && view?.moved && route === found.route && !found.parameters.length && current.person === person.id) {
    view.moved(found.query);
    return false;
  }
  current.leave.abort();
  const leave = new AbortController();
  const { signal } = leave;
  current = { ...(found ?? NOWHERE), leave, person: person.id };
  if (!found) {
    return true;
  }
  update();
  let loaded = null;
  try {
    // The sign-in calls no API, so `api.js` loads with the first view.
    const forWork = person.isOperator ? import("./counts.js") : null;
    loaded = await Promise.all([found.route.load(), import("./api.js"), forWork]);
  } catch {
    // `NOT_LOADED` reports it.
  }
  if (signal.aborted) {
    return false;
  }
  setTimeout(fetchTheRest, WHEN_IDLE);
  const { parameters, query } = found;
  if (loaded) {
    const [Chosen, { Api }, forWork] = loaded;
    const orders = new Api(config.ordersApi, session);
    const reminders = new Api(config.remindersApi, session);
    counts = forWork && (counts ?? new forWork.Counts(orders, update));
    const data = { config, session, orders, reminders, counts, parameters, query, signal, again };
    current.view = new Chosen({ ...data, update, say, signOut });
    if (!found.route.isForWork) {
      counts?.load();
    }
  } else {
    Object.assign(current, NOT_LOADED);
  }
  return true;
}

const NOT_LOADED = {
  title: "Not loaded",
  view: { render: () => tryAgain("This part of the page could not be loaded.", () => enter()) },
};

const NOWHERE = {
  title: "Page not found",
  view: {
    render: () => html`
      <p>Check the address, or go back to the start.</p>
      <p><a class="button" href="#/">Back to the start</a></p>
    `,
  },
};

/**
 * @param {string} words
 * @param {() => void} action
 */
const tryAgain = (words, action) => html`
  ${notice("bad", html`<p>${words}</p>`)}
  <p><button type="button" @click=${action}>Try again</button></p>
`;

function update() {
  const title = failure ? NOT_STARTED : (current.title ?? door?.title);
  document.title = title ? `${title} · ${NAME}` : NAME;
  const person = session?.person ?? null;
  const routes = person ? routesFor({ person, config }) : [];
  // The content comes first, because the operators' view knows the latest counts of the header.
  const content = main();
  const badge = counts?.badge ?? null;
  const top = header({ person, routes, current: current.route, badge, update, say, signOut });
  const over = dialog({ form: session?.isOver ? door?.form() : null, isOver: () => session.isOver, signOut });
  render(html`${top}${navigator.onLine ? nothing : OFFLINE}${content}${footer()}${over}`, root);
}

function main() {
  if (failure) {
    return html`
      <main id="main" tabindex="-1">
        <h1 tabindex="-1">${NOT_STARTED}</h1>
        ${tryAgain(inWords(failure), start)}
      </main>
    `;
  }
  if (door && !session.isOver) {
    return html`<main id="main" class="door" tabindex="-1">${door.page()}</main>`;
  }
  const { title, view } = current;
  return html`
    <main id="main" tabindex="-1">
      ${title ? html`<h1 tabindex="-1">${title}</h1>` : nothing} ${view ? view.render() : skeleton(6)}
    </main>
  `;
}

function signOut() {
  location.hash = "#/sign-in";
  session.signOut();
}

// The hash holds the view's address, so a link cannot use it to jump to a place on the page.
document.querySelector(".skip")?.addEventListener("click", (event) => {
  event.preventDefault();
  focusOn("main");
});
addEventListener("online", () => {
  update();
  say("You are online again.");
  again.dispatchEvent(new Event("again"));
});
addEventListener("offline", update);
again.addEventListener("again", async () => {
  if (current.view === NOT_LOADED.view) {
    await enter();
    if (hasLostFocus()) {
      document.querySelector("h1")?.focus();
    }
  }
});

startTheme();
root.replaceChildren();
start();
