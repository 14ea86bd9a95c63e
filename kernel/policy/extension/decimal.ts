import { long } from '../long.ts';
import { type DecimalValue, type Failure, failure } from '../value.ts';

const form = /^(-?)([0-9]+)\.([0-9]+)$/;
const digits = 4;

/** Reads `-12.3456`: digits on both sides of the point, at most four after it. */
export function decimal(text: string): DecimalValue | Failure {
  const found = form.exec(text);
  if (!found) return failure(`error while evaluating \`decimal\` extension function: \`${text}\` is not a well-formed decimal value`);
  const [, sign, whole = '', fraction = ''] = found;
  if (fraction.length > digits) {
    return failure(`error while evaluating \`decimal\` extension function: too many digits after the decimal in \`${text}\``);
  }
  const units = long(BigInt(`${whole}${fraction.padEnd(digits, '0')}`) * (sign ? -1n : 1n));
  if (units === undefined) return failure('error while evaluating `decimal` extension function: overflow when converting to decimal');
  return { kind: 'decimal', units };
}
