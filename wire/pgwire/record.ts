import { ProtocolViolation } from './violation.ts';

const quotable = /["\\(),\s]|^$/;

/** Writes the literal of a row, such as `(1,"a b",)`; null is NULL, for which nothing stands. */
export function writeRecord(fields: readonly (string | null)[]): string {
  const parts = fields.map((text) => {
    if (text === null) return '';
    return quotable.test(text) ? `"${text.replaceAll(/["\\]/g, '$&$&')}"` : text;
  });
  return `(${parts.join(',')})`;
}

/** Reads the literal of a row; one without fields is like one whose only field is NULL. */
export function readRecord(text: string): (string | null)[] {
  const whole = text.trim();
  if (!whole.startsWith('(')) throw new ProtocolViolation('a row has no opening parenthesis');
  const fields: (string | null)[] = [];
  for (let at = 1; ; at += 1) {
    const [field, end] = fieldAt(whole, at);
    fields.push(field);
    at = end;
    if (whole[at] === ',') continue;
    if (at !== whole.length - 1) throw new ProtocolViolation('a row goes on behind its end');
    return fields;
  }
}

/** A field, and where the mark behind it stands. */
function fieldAt(text: string, from: number): [field: string | null, end: number] {
  let found: string | null = null;
  let isQuoted = false;
  for (let at = from; ; at += 1) {
    const mark = text[at];
    if (mark === undefined) throw new ProtocolViolation('a row has no end');
    if (!isQuoted && (mark === ',' || mark === ')')) return [found, at];
    found ??= '';
    if (mark === '\\') found += text[++at] ?? '';
    else if (mark !== '"') found += mark;
    else if (isQuoted && text[at + 1] === '"') found += text[++at];
    else isQuoted = !isQuoted;
  }
}
