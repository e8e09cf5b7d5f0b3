// Written by `make openapi` from the schemas of the API Reminders.

export type Channel = "email" | "sms" | "topic";

export type Feedback = {
  email?: Report;
  sms?: Report;
};

export type Preference = "email" | "sms" | "both" | "topic";

export type Reminder = {
  message: string;
  channels?: Array<Channel>;
  preference?: Preference;
  waitSeconds?: number | string;
  timestamp?: string;
  timeZone?: string;
  fold?: 0 | 1;
  email?: string;
  phone?: string;
  subject?: string;
  repeat?: Repeat;
};

export type ReminderChange = {
  message?: string;
  channels?: Array<Channel>;
  preference?: Preference;
  waitSeconds?: number | string;
  timestamp?: string;
  sendNow?: true;
  timeZone?: string;
  fold?: 0 | 1;
  email?: string;
  phone?: string;
  subject?: string | null;
  repeat?: Repeat | null;
};

export type ReminderList = {
  reminders: Array<ReminderState>;
  next: string | null;
};

export type ReminderState = {
  reminderId: string;
  dueAt: string;
  dueAtLocal: string;
  timeZone: string;
  status: ReminderStatus;
  message: string;
  channels: Array<Channel>;
  preference: Preference;
  occurrence: number;
  updatedAt: string;
  subject?: string;
  email?: string;
  phone?: string;
  reason?: string;
  feedback?: Feedback;
  repeat?: Repeat;
};

export type ReminderStatus = "SCHEDULED" | "SENDING" | "SENT" | "PARTLY_SENT" | "CANCELLED" | "FAILED";

export type Repeat = {
  every: string;
  until?: string;
  times?: number;
};

export type Report = {
  kind: "UNDELIVERED" | "REJECTED" | "BOUNCED" | "COMPLAINED";
  at: string;
  occurrence: number;
};

export type ScheduledReminder = {
  reminderId: string;
  dueAt: string;
  dueAtLocal: string;
  timeZone: string;
  status: ReminderStatus;
  channels: Array<Channel>;
};
