/** The views by address, and which users they are for. */

/** @import { Person, Route, Who } from "./types/page.js" */

/**
 * The address of the view that a person sees first.
 *
 * @param {Person} person
 */
export const homeOf = ({ isOperator }) => (isOperator ? "operators" : "order");

/** @type {Promise<unknown> | undefined} */
let styles;

/**
 * Returns a view's module after loading `views.css`, which only a few views need. If `views.css` cannot be loaded, the
 * view opens without it, and the next view tries again.
 *
 * @template T
 * @param {Promise<T>} module
 * @returns {Promise<T>}
 */
async function styled(module) {
  styles ??= new Promise((loaded) => {
    const link = document.createElement("link");
    link.addEventListener("load", loaded);
    link.addEventListener("error", () => {
      link.remove();
      styles = undefined;
      loaded(undefined);
    });
    Object.assign(link, { rel: "stylesheet", href: "/styles/views.css" });
    document.head.append(link);
  });
  // Both at once: a module that cannot be loaded is reported without waiting for the styles.
  const [loaded] = await Promise.all([module, styles]);
  return loaded;
}

/** @type {Route[]} */
const ROUTES = [
  {
    path: /^order$/,
    key: "order",
    title: "Place an order",
    link: "Order",
    icon: "M4 5h2l2 9h8l2-6H7M9.5 17.5h.1M15 17.5h.1",
    load: async () => (await styled(import("./views/order.js"))).PlaceOrder,
  },
  {
    path: /^orders$/,
    key: "orders",
    title: "My orders",
    link: "My orders",
    icon: "M4 5h12M4 10h12M4 15h8",
    load: async () => (await import("./views/orders.js")).MyOrders,
  },
  {
    path: /^orders\/([^/]+)$/,
    key: "orders",
    title: "Order",
    load: async () => (await styled(import("./views/order-detail/order-detail.js"))).OrderDetail,
  },
  {
    path: /^reminders$/,
    key: "reminders",
    title: "Remind me",
    link: "Remind me",
    icon: "M10 5.5V10l3 2M10 3a7 7 0 1 0 .1 0",
    load: async () => (await import("./views/reminders/reminders.js")).Reminders,
  },
  {
    path: /^account$/,
    key: "account",
    title: "Account",
    link: "Account",
    icon: "M10 10a3 3 0 1 0-.1 0M4 17a6 6 0 0 1 12 0",
    load: async () => (await import("./views/account/account.js")).Account,
  },
  {
    path: /^operators$/,
    key: "operators",
    title: "Operators",
    link: "Operators",
    icon: "M4 6h7M15 6h1M4 14h1M9 14h7M13 4v4M7 12v4",
    isFor: ({ person }) => person.isOperator,
    isForWork: true,
    load: async () => (await import("./views/operators/operators.js")).Operators,
  },
  {
    path: /^figures$/,
    key: "operators",
    title: "Figures",
    isFor: ({ config, person }) => Boolean(config.figures) && person.isOperator,
    load: async () => (await styled(import("./views/figures.js"))).Figures,
  },
  {
    path: /^outbox$/,
    key: "outbox",
    title: "Outbox",
    link: "Outbox",
    icon: "M3 6h14v9H3zM3 6l7 5 7-5",
    isFor: ({ config }) => Boolean(config.outbox),
    load: async () => (await styled(import("./views/outbox.js"))).Outbox,
  },
];

/** @param {Who} who */
export const routesFor = (who) => ROUTES.filter((route) => route.isFor?.(who) ?? true);

/**
 * @param {string} address
 * @param {Who} who
 * @returns {{route: Route, parameters: string[], query: URLSearchParams, title: string} | null}
 *   null if no view of this user has the address
 */
export function routeOf(address, who) {
  const [path] = address.split("?", 1);
  const route = routesFor(who).find((one) => one.path.test(path));
  const found = route?.path.exec(path);
  if (!route || !found) {
    return null;
  }
  try {
    const parameters = found.slice(1).map(decodeURIComponent);
    const query = new URLSearchParams(address.slice(path.length));
    return { route, parameters, query, title: [route.title, ...parameters].join(" ") };
  } catch {
    // A percent sign without two hexadecimal digits after it.
    return null;
  }
}
