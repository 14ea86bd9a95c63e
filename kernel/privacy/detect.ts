import { contextReachMax, detectedTextMax } from './limits.ts';
import { findNames } from './name.ts';
import { type PersonalKind, recognizers } from './recognizer.ts';

/** Personal data in a text: what it is and where it stands, in UTF-16 units. */
export type Finding = { readonly kind: PersonalKind; readonly start: number; readonly end: number };

/**
 * Finds personal data in free text: cards, IBANs, e-mail addresses, phone numbers, national ids, public addresses, dates of
 * birth and names. Checksums and words around decide; findings do not overlap and stand in order. Pure, and linear in the text.
 */
export function findPersonal(text: string): Finding[] {
  const read = text.length > detectedTextMax ? text.slice(0, detectedTextMax) : text;
  const found: Finding[] = [];
  const isFree = (start: number, end: number) => !found.some((other) => start < other.end && end > other.start);
  if (/[\d@]/.test(read))
    for (const { kind, pattern, holds, context } of recognizers)
      for (const match of read.matchAll(pattern)) {
        const [start, end] = [match.index, match.index + match[0].length];
        if (!isFree(start, end) || (holds && !holds(match[0]))) continue;
        if (context && !context.test(read.slice(Math.max(0, start - contextReachMax), start))) continue;
        found.push({ kind, start, end });
      }
  if (/\p{Lu}/u.test(read)) for (const { start, end } of findNames(read)) if (isFree(start, end)) found.push({ kind: 'name', start, end });
  return found.sort((a, b) => a.start - b.start);
}

/** The text with what is personal replaced by its kind in brackets: `[email]`. */
export function maskPersonal(text: string): string {
  let masked = '';
  let at = 0;
  for (const { kind, start, end } of findPersonal(text)) {
    masked += `${text.slice(at, start)}[${kind}]`;
    at = end;
  }
  return at === 0 ? text : masked + text.slice(at);
}
