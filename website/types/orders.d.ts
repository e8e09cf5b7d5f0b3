// Written by `make openapi` from the schemas of the API Orders.

export type AcceptedOrder = {
  OrderId: string;
  Status: "RECEIVED";
};

export type Card = {
  Last4: string;
};

export type Closing = {
  note: string;
};

export type Contact = {
  Email: string;
};

export type Corrector = "owner" | "operator";

export type DeadLetterQueue = {
  Queue: QueueName;
  Messages: number;
};

export type DeadLetters = {
  queues: Array<DeadLetterQueue>;
};

export type Order = {
  OrderId: string;
  Name: string;
  ItemName: string;
  Price: string | number;
  CC: string;
};

export type OrderList = {
  orders: Array<OrderState>;
  next: string | null;
};

export type OrderState = {
  OrderId: string;
  Name: string;
  ItemName: string;
  Price: string;
  Card: Card;
  Status: OrderStatus;
  Reasons: Array<Reason>;
  ReceivedAt: string;
  UpdatedAt: string;
  Note?: string;
  State?: WorkflowState;
  Queue?: QueueName;
  CorrectedAt?: string;
  CorrectedBy?: Corrector;
};

export type OrderStatus = "RECEIVED" | "FULFILLMENT_QUEUED" | "ESCALATED" | "PARKED" | "CLOSED";

export type ParkedList = {
  items: Array<ParkedMessage>;
  left: number;
};

export type ParkedMessage = {
  MessageId: string;
  OrderId: string | null;
  State: string | null;
  Error: string | null;
  ExecutionId: string | null;
  Order: ParkedOrder | null;
  Status: string | null;
  ParkingId: string | null;
  Queue: string | null;
  Copies: number;
};

export type ParkedOrder = {
  OrderId: string | null;
  Name: string | null;
  ItemName: string | null;
  Price: string | null;
};

export type QueueName = "OrderFulfillmentQueue" | "EscalationQueue";

export type Reason = "CARD_NOT_16_DIGITS" | "CARD_CHECKSUM_WRONG" | "PRICE_NOT_A_DECIMAL" | "PRICE_NOT_POSITIVE";

export type RedrivenDeadLetters = {
  moved: number;
  failed: number;
  left: number;
};

export type RemovedMessages = {
  removed: number;
};

export type WorkflowState = "Update the order table" | "Are details Proper";
