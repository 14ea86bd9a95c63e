import { outbox } from '#seams/mail/outbox.ts';
import { type Mail, openMail as openSmtp } from '#seams/mail/mail.ts';
import type { Context } from './context.ts';
import { mailKeptMax } from './limits.ts';
import { sealedOutbox } from './outbox.ts';

/** The mail seam: SMTP by URL, else the outbox that the console shows (which can then be read). */
export function openMail(url: string | undefined, context: Context): Mail & { read?: () => Promise<unknown[]> } {
  if (url !== undefined) return openSmtp(url);
  const store = sealedOutbox(context);
  return { ...outbox({ keep: mailKeptMax, store }), read: () => store.read() };
}
