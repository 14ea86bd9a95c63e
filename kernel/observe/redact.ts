import { maskPersonal } from '../privacy/detect.ts';
import { logDepthMax, logItemsMax, logTextMax } from './limits.ts';
import { hiddenPersonal, hidePersonal, isPersonalName } from './personal.ts';

/** Parts of field names, lower case and without separators, whose values never reach a log. */
const secretNames = [
  'authorization',
  'cookie',
  'secret',
  'password',
  'passwd',
  'passphrase',
  'token',
  'bearer',
  'privatekey',
  'keypem',
  'apikey',
  'accesskey',
  'seed',
  'signature',
  'verifier',
];

/** Secrets that stand inside longer texts: user and password of an address, and our own keys by their prefix. */
const secretTexts = /(?<=:\/\/)[^\s/@]+(?=@)|\b(?:gmt|sk|rk|whsec)_[A-Za-z0-9_-]{8,}|(?<=\b(?:Bearer|Basic)\s+)[A-Za-z0-9+/=._~-]{8,}/gi;

export const hidden = '[hidden]';

/** Whether a field of this name is kept out of logs. */
function isSecretName(name: string): boolean {
  const bare = name.toLowerCase().replaceAll(/[^a-z]/g, '');
  return secretNames.some((part) => bare.includes(part));
}

/** Cuts a text to its limit, after the secrets in it were hidden and personal data was named by its kind alone. */
export function redactText(text: string): string {
  // The cut comes first as well: the pattern need not read what will not be kept.
  const shown = maskPersonal(hidePersonal(text.slice(0, 2 * logTextMax)).replaceAll(secretTexts, hidden));
  return shown.length > logTextMax || text.length > 2 * logTextMax ? `${shown.slice(0, logTextMax)}...` : shown;
}

/** A copy of any value that JSON can hold, bounded in depth, entries and length, without secrets. Never throws. */
export function redact(value: unknown, depthLeft = logDepthMax): unknown {
  if (typeof value === 'string') return redactText(value);
  if (typeof value === 'bigint') return value.toString();
  if (value === null || typeof value === 'boolean' || typeof value === 'undefined') return value;
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (typeof value !== 'object') return `[${typeof value}]`;
  if (depthLeft <= 0) return '[deep]';
  try {
    return redactObject(value, depthLeft);
  } catch {
    return '[unreadable]';
  }
}

function redactObject(value: object, depthLeft: number): unknown {
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString();
  if (value instanceof Error) return redactError(value, depthLeft);
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return `[${value.byteLength} bytes]`;
  if (Array.isArray(value)) {
    const items = value.slice(0, logItemsMax).map((item) => redact(item, depthLeft - 1));
    return value.length > logItemsMax ? [...items, `[${value.length - logItemsMax} more]`] : items;
  }
  return redactFields(value as Record<string, unknown>, depthLeft - 1);
}

/** The entries of an object with secrets hidden by name. */
export function redactFields(fields: Readonly<Record<string, unknown>>, depthLeft = logDepthMax): Record<string, unknown> {
  const names = Object.keys(fields);
  const shown = (name: string) => (isSecretName(name) ? hidden : isPersonalName(name) ? hiddenPersonal : field(fields, name, depthLeft));
  const kept = names.slice(0, logItemsMax).map((name): [string, unknown] => [redactText(name), shown(name)]);
  if (names.length > logItemsMax) kept.push(['more', names.length - logItemsMax]);
  return Object.fromEntries(kept);
}

function field(fields: Readonly<Record<string, unknown>>, name: string, depthLeft: number): unknown {
  try {
    return redact(fields[name], depthLeft);
  } catch {
    return '[unreadable]';
  }
}

function redactError(error: Error, depthLeft: number): unknown {
  const code: unknown = Reflect.get(error, 'code');
  return {
    name: redactText(String(error.name)),
    message: redactText(String(error.message)),
    ...(code === undefined ? {} : { code: redact(code, 1) }),
    stack: redactText(String(error.stack)),
    ...(error.cause === undefined ? {} : { cause: redact(error.cause, depthLeft - 1) }),
  };
}
