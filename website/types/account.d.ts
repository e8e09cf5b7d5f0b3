// Written by `make openapi` from the schemas of the API Account.

export type AccountData = {
  format: number;
  madeAt: string;
  account: AccountRecord | null;
  orders: Array<object>;
  reminders: Array<object>;
  messages: Array<HeldMessage>;
  elsewhere: Array<Elsewhere>;
  next: string | null;
};

export type AccountRecord = {
  id: string;
  attributes: Record<string, string>;
  groups: Array<string>;
  status: string;
  isEnabled: boolean;
  secondFactors: Array<string>;
  createdAt: string;
  updatedAt: string;
};

export type DeletionReceipt = {
  format: number;
  id: string;
  at: string;
  complete: boolean;
  removed: Array<StoreCount>;
  waits: Array<StoreCount>;
  stays: Array<Elsewhere>;
};

export type DetailValues = {
  after?: string;
  allowed?: Array<string | number>;
  before?: string;
  channel?: string;
  count?: number;
  days?: number;
  fields?: Array<string>;
  largest?: number;
  longest?: number;
  longestInGsm?: number;
  offsets?: Array<string>;
  rule?: string;
  shortest?: number;
  size?: number;
  smallest?: number;
  types?: Array<string>;
  unit?: string;
  zone?: string;
};

export type Elsewhere = {
  store: string;
  what: string;
  why: string;
  until: string;
};

export type ErrorAnswer = {
  error: ErrorBody;
};

export type ErrorBody = {
  code: string;
  message: string;
  requestId?: string;
  details: Array<ErrorDetail>;
};

export type ErrorDetail = {
  field: string;
  problem: string;
  code: string;
  values: DetailValues;
};

export type HeldMessage = {
  queue: string;
  body: object;
};

export type StoreCount = {
  store: string;
  what: string;
  count: number;
};
