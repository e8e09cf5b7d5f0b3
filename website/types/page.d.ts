/** What the modules of the page give each other. No browser asks for this file: it is for the checks and for editors. */

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
  /** Undefined where it is no JSON. */
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

/** What Cognito asks for besides the password. */
export interface Challenge {
  name: string;
  session: string;
  /** The pool's name for the person. */
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
  /** Of the route. */
  parameters: string[];
  /** Aborted when the view is left. */
  signal: AbortSignal;
  /** Tells "again" when the network or the session is back. */
  again: EventTarget;
  /** Shows the view as it is now. */
  update: () => void;
  /** Announces to who does not see. */
  say: (words: string) => void;
  signOut: () => void;
}

/** For whom a route may be. */
export interface Who {
  person: Person;
  config: Config;
}

export interface Route {
  /** Of the address after `#/`; what it captures are the view's parameters. */
  path: RegExp;
  /** Of the navigation's link that leads there. */
  key: string;
  /** Of the view; its parameters follow. */
  title: string;
  /** Its words; without them there is none. */
  link?: string;
  /** The path of its sign. */
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

/** What only an input has: its attributes, each `nothing` where it is to be left out. */
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
