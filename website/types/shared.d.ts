// Written by `make openapi` from the schemas of all APIs.

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
