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

export type Elsewhere = {
  store: string;
  what: string;
  why: string;
  until: string;
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
