import { openMail as openSeam, type Mail } from '#seams/mail/mail.ts';
import type { Context } from './context.ts';
import { sealedOutbox } from './outbox.ts';

/** The mail seam: SMTP by URL, else the outbox that the console shows (which can then be read). */
export function openMail(url: string | undefined, context: Context): Mail & { read?: () => Promise<unknown[]> } {
  if (url !== undefined) return openSeam(url);
  const outbox = sealedOutbox(context);
  return { send: (mail) => outbox.keep(mail), read: () => outbox.read() };
}
