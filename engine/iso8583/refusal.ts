import type { IsoMessage } from '#wire/iso8583/message.ts';
import { answerType } from '#wire/iso8583/message-type.ts';
import type { IsoSpec } from '#wire/iso8583/spec.ts';
import { Iso8583Error } from '#wire/iso8583/violation.ts';

/** The response code of a message that cannot be read. */
const formatError = '30';

/**
 * The answer to bytes that are no message: its type, code 30, and in field 44 which field at which byte. Undefined where not even the type
 * can be read or no answer is due; there is nothing to say then, and the connection is of no use.
 */
export function refusalOf(bytes: Buffer, { encoding }: IsoSpec, { field, offset }: Iso8583Error): IsoMessage | undefined {
  const mti = encoding === 'ascii' ? bytes.toString('latin1', 0, 4) : bytes.toString('hex', 0, 2);
  const answer = answerTypeOf(mti);
  if (answer === undefined) return undefined;
  const place = [field === undefined ? undefined : `field ${field}`, offset === undefined ? undefined : `byte ${offset}`];
  return { mti: answer, fields: { 39: formatError, 44: place.filter((one) => one !== undefined).join(', ') } };
}

function answerTypeOf(mti: string): string | undefined {
  try {
    return answerType(mti);
  } catch (error) {
    if (error instanceof Iso8583Error) return undefined;
    throw error;
  }
}
