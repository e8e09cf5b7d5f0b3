/** The types that the page's modules share. Only the checks and editors read this file; no browser loads it. */

import type { Api } from "../api.js";
import type { Session } from "../session.js";
import type { DetailValues } from "./reminders.js";

/** Where everything is; written when the site is deployed. */
export interface Config {
  /** Cognito's address. */
  signIn: string;
  clientId: string;
  ordersApi: string;
  remindersApi: string;
  outbox: string | null;
  /** URL by name. */
  queues: Record<string, string>;
}

export interface Answer {
  status: number;
  headers: Headers;
  /** Undefined if it is not JSON. */
  body: any;
}

/** What is wrong with one field: in words, and as a code with its values, which docs/errors.md lists. */
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
  /** The instant in milliseconds. */
  renewedFrom: number;
}

/** What Cognito asks for in addition to the password. */
export interface Challenge {
  name: string;
  session: string;
  /** The name by which the user pool knows the person. */
  knownAs: string;
}

/** What the person wants at the sign-in. */
export type Mode = "signIn" | "signUp" | "confirm" | "forgotten" | "newCode";

/** What is shown below the title. */
export interface View {
  render(): unknown;
}

/** What a view is given. */
export interface Page {
  config: Config;
  session: Session;
  orders: Api;
  reminders: Api;
  /** What the route's `path` captured from the address. */
  parameters: string[];
  /** Aborted when the view is left. */
  signal: AbortSignal;
  /** Dispatches "again" when the network or the session is back. */
  again: EventTarget;
  /** Shows the view as it is now. */
  update: () => void;
  /** Announces `words` through a screen reader. */
  say: (words: string) => void;
  signOut: () => void;
}

/** What decides whether a route is for somebody. */
export interface Who {
  person: Person;
  config: Config;
}

export interface Route {
  /** Matches the address after `#/`. Its groups are the view's parameters. */
  path: RegExp;
  /** Identifies the link of the navigation that leads there. */
  key: string;
  /** The view's title. Its parameters follow it. */
  title: string;
  /** The words of that link. Without them there is no link. */
  link?: string;
  /** The link's icon, as the path of an SVG. */
  icon?: string;
  isFor?: (who: Who) => boolean;
  load: () => Promise<new (page: Page) => View>;
}

export type Tone = "good" | "care" | "bad" | "quiet" | "busy";

/** A status, as `chip` shows it. */
export interface Mark {
  word: string;
  tone: Tone;
}

/** What is wrong with a form, by field. */
export type Problems = Record<string, string>;

export type FormEvent = Event & { currentTarget: HTMLFormElement; submitter?: HTMLButtonElement };

export type ButtonEvent = Event & { currentTarget: HTMLButtonElement };

/** A form's control with its label, a hint and what is wrong with it. */
export interface Field {
  /** Begins the ids of the form's controls. */
  form: string;
  name: string;
  label: string;
  hint?: unknown;
  problem?: string;
}

/** Shows the control itself. */
export type Control = (about: { id: string; described: unknown; invalid: unknown }) => unknown;

/** The attributes that only an input has. `nothing` leaves one out. */
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
