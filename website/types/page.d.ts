/** The types that the page's modules share. Only the checks and editors read this file; no browser loads it. */

import type { Api } from "../api.js";
import type { Counts } from "../counts.js";
import type { Session } from "../session.js";
import type { DetailValues } from "./shared.js";

/** The addresses of the services. Written when the site is deployed. */
export interface Config {
  /** Cognito's address. */
  signIn: string;
  clientId: string;
  ordersApi: string;
  remindersApi: string;
  accountApi: string;
  outbox: string | null;
  /** Queue URLs by queue name. */
  queues: Record<string, string>;
  /** The path of a file with users for whom the sign-in has buttons. */
  demoUsers: string | null;
  /** Where operators read figures. Null: the page shows none. */
  figures: Figures | null;
  /** What the panel for learners needs. Null: the page has no panel. */
  behindTheScenes: Sources | null;
}

/** The dashboards of a stage. */
export interface Figures {
  /** CloudWatch's address. */
  address: string;
  /** The access key. */
  key: string;
  /** The generated name of each dashboard, by a word for people. The first one is shown at first. */
  dashboards: Record<string, string>;
}

/** Where the project's code can be read. */
export interface Sources {
  /** An address, or a path on the page's host. Null: paths are shown as text. */
  source: string | null;
  /** The number of the line by path and symbol: `lambdas/orders/order.py shown`. Empty: each symbol is an anchor. */
  lines: Record<string, number>;
}

export interface Answer {
  status: number;
  headers: Headers;
  /** Undefined if the body is not JSON. */
  body: any;
}

/** A problem of one field: as words, and as a code with its values. docs/errors.md lists the codes. */
export interface Detail {
  field: string;
  problem: string;
  code?: string;
  values?: DetailValues;
}

export interface Person {
  id: string;
  email: string;
  verifiedEmail: string | null;
  verifiedPhone: string | null;
  isOperator: boolean;
}

export interface Tokens {
  id: string;
  access: string;
  refresh?: string;
  /** The time in milliseconds from which the tokens are renewed. */
  renewedFrom: number;
}

/** A question that Cognito asks in addition to the password. */
export interface Challenge {
  name: string;
  session: string;
  /** The name by which the user pool knows the person. */
  knownAs: string;
}

/** Which form the sign-in shows. */
export type Mode = "signIn" | "signUp" | "confirm" | "forgotten" | "newCode";

/** Renders the content below the title. */
export interface View {
  render(): unknown;
  /** Shows another `query` of the same address. A view without this method is created again. */
  moved?(query: URLSearchParams): void;
}

/** The context that a view receives when it is created. */
export interface Page {
  /** The work that waits. Null for everybody but operators. */
  counts: Counts | null;
  config: Config;
  session: Session;
  orders: Api;
  reminders: Api;
  /** The groups that the route's `path` captured from the address. */
  parameters: string[];
  /** The part of the address after its question mark. */
  query: URLSearchParams;
  /** Aborted when the view is left. */
  signal: AbortSignal;
  /** Dispatches "again" when the network or the session is back. */
  again: EventTarget;
  /** Renders the page again. */
  update: () => void;
  /** Announces `words` through a screen reader. */
  say: (words: string) => void;
  signOut: () => void;
}

/** Decides which routes a user may open. */
export interface Who {
  person: Person;
  config: Config;
}

export interface Route {
  /** Matches the address after `#/`, up to its question mark. Its groups are the view's parameters. */
  path: RegExp;
  /** Identifies the route's link in the navigation. */
  key: string;
  /** The view's title. The parameters are appended to it. */
  title: string;
  /** The link's words. A route without them has no link. */
  link?: string;
  /** The link's icon, as the path of an SVG. */
  icon?: string;
  isFor?: (who: Who) => boolean;
  /** Whether the link shows how much work waits. */
  isForWork?: boolean;
  load: () => Promise<new (page: Page) => View>;
}

/** A number beside a link, and what it counts, in words. */
export interface Badge {
  text: string;
  words: string;
}

export type Tone = "good" | "care" | "bad" | "quiet" | "busy";

/** A status, as `chip` shows it. */
export interface Mark {
  word: string;
  tone: Tone;
}

/** The problems of a form, by field. */
export type Problems = Record<string, string>;

export type FormEvent = Event & { currentTarget: HTMLFormElement; submitter?: HTMLButtonElement };

export type ButtonEvent = Event & { currentTarget: HTMLButtonElement };

/** A form control with its label, hint and problem. */
export interface Field {
  /** The prefix of the ids of the form's controls. */
  form: string;
  name: string;
  label: string;
  hint?: unknown;
  problem?: string;
}

/** Shows the control itself. */
export type Control = (about: { id: string; described: unknown; invalid: unknown }) => unknown;

/** Attributes of an `<input>`. `nothing` leaves an attribute out. */
export interface Input {
  type?: string;
  autocomplete?: string;
  inputmode?: unknown;
  value?: string;
  maxlength?: unknown;
  min?: unknown;
  required?: boolean;
}

/** Sends what was typed into a form. */
export type Submit = (typed: Record<string, string>) => Promise<void>;
