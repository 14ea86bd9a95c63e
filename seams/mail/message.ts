import { addressLengthMax, subjectLengthMax, textMaxBytes } from './limits.ts';

/** One mail to one person. `html` is an alternative to `text`, which is always there. */
export type Message = { readonly to: string; readonly subject: string; readonly text: string; readonly html?: string };

/** Sends mail. Resolves when the mail server, or the outbox, has taken it. */
export interface Mail {
  send(message: Message): Promise<void>;
}

/**
 * What went wrong: the message is not one (`Invalid`), the address of the seam is not one (`Unsupported`), the mail server
 * said no for good (`Refused`), or cannot be reached, trusted or used now (`Unreachable`; the same mail may succeed later).
 */
export type MailErrorCode = 'Invalid' | 'Unsupported' | 'Refused' | 'Unreachable';

export class MailError extends Error {
  override readonly name = 'MailError';
  readonly code: MailErrorCode;

  constructor(code: MailErrorCode, sentence: string, cause?: unknown) {
    super(sentence, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}

/** One plain address, without a display name, a list or a comment. */
const addressForm = /^[^\s\p{C}<>()[\],;:\\"@]{1,64}@[^\s\p{C}<>()[\],;:\\"@]{1,253}$/u;

/** Refuses what is no mail, above all anything that could add a header or a recipient. */
export function checkMessage(message: Message): void {
  checkAddress(message.to);
  const { subject } = message;
  if (subject.length < 1 || subject.length > subjectLengthMax) throw invalid(`The subject must have 1 to ${subjectLengthMax} characters.`);
  if (/[\p{Cc}\u2028\u2029]/u.test(subject)) throw invalid('The subject must be one line without control characters.');
  for (const text of [message.text, message.html ?? '']) {
    if (Buffer.byteLength(text) > textMaxBytes) throw invalid(`The text must not be larger than ${textMaxBytes} bytes.`);
  }
}

export function checkAddress(address: string): void {
  const formed = address.length <= addressLengthMax && addressForm.test(address);
  if (!formed) throw invalid('The mail address must be one address of the form name@host.');
}

function invalid(sentence: string): MailError {
  return new MailError('Invalid', sentence);
}
