/** What people are told, made of facts; every channel gives it a form of its own. Nothing in it is secret. */
export interface Note {
  /** The same for the same message, so that a receiver can drop a repetition. */
  readonly id: string;
  readonly title: string;
  readonly text?: string;
  readonly mood: 'good' | 'bad' | 'warning' | 'plain';
  readonly facts: readonly { readonly name: string; readonly value: string }[];
  /** Commands that a person may want to type now. */
  readonly next: readonly string[];
  readonly runId?: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** How one attempt to hand something to somebody outside has ended. No message repeats an address: it may hold a password. */
export type Attempted =
  | { readonly ok: true; readonly status?: number }
  | {
      readonly ok: false;
      readonly status?: number;
      readonly code: string;
      readonly message: string;
      /** It would end like this every time. */
      readonly isFinal: boolean;
      /** The receiver asks for so much time. */
      readonly retryAfterMs?: number;
    };

/** Channels that people read. */
export interface ChannelsPort {
  /** One attempt to tell a channel. */
  tell(channel: string, note: Note, signal: AbortSignal): Promise<Attempted>;
}

/** Receivers of every event of every run. */
export interface WebhooksPort {
  readonly endpoints: readonly { readonly name: string; /** Types of events; all when absent. */ readonly events?: readonly string[] }[];
  /** One attempt to send an event; `id` is the same for every attempt. */
  send(endpoint: string, message: { readonly id: string; readonly body: string }, signal: AbortSignal): Promise<Attempted>;
}
