import assert from 'node:assert/strict';
import { checkMessage, type Mail, type Message } from './message.ts';

/** Where the outbox keeps its mails; they hold links that open accounts, so a store seals them. */
export interface OutboxStore {
  /** Keeps a mail and forgets all but the `keep` newest, in one step. */
  put(message: Message, keep: number): Promise<void>;
}

/** The embedded default: mails stay here, the last `keep` of them, for an operator to read in the console. */
export function outbox(options: { readonly keep: number; readonly store: OutboxStore }): Mail {
  assert.ok(Number.isInteger(options.keep) && options.keep > 0, 'an outbox keeps at least one mail');
  return {
    async send(message) {
      checkMessage(message);
      const { to, subject, text, html } = message;
      await options.store.put({ to, subject, text, ...(html === undefined ? {} : { html }) }, options.keep);
    },
  };
}
