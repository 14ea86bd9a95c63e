import { datetime, durationSince, offset, toDate, toTime } from './extension/datetime.ts';
import { decimal } from './extension/decimal.ts';
import { duration } from './extension/duration.ts';
import { ip, isInRange, isLoopback, isMulticast } from './extension/ip.ts';
import { divide } from './long.ts';
import { type DatetimeValue, type DecimalValue, type DurationValue, type IpValue, type Long, type Result, typeFailure } from './value.ts';

/** A function of Cedar's extensions, of one or two arguments. Arguments may be failures; so may the result. */
export type ExtensionFunction =
  | { readonly arity: 1; readonly call: (arg: Result) => Result }
  | { readonly arity: 2; readonly call: (left: Result, right: Result) => Result };

type Extension = {
  readonly ip: IpValue;
  readonly decimal: DecimalValue;
  readonly datetime: DatetimeValue;
  readonly duration: DurationValue;
};
const typeNames = { ip: 'ipaddr', decimal: 'decimal', datetime: 'datetime', duration: 'duration' } as const;

function is<K extends keyof Extension>(value: Result, kind: K): value is Extension[K] {
  return typeof value === 'object' && value.kind === kind;
}

function fromText(call: (text: string) => Result): ExtensionFunction {
  return { arity: 1, call: (arg) => (typeof arg === 'string' ? call(arg) : typeFailure('string', arg)) };
}

function on<K extends keyof Extension>(kind: K, call: (value: Extension[K]) => Result): ExtensionFunction {
  return { arity: 1, call: (arg) => (is(arg, kind) ? call(arg) : typeFailure(typeNames[kind], arg)) };
}

function between<L extends keyof Extension, R extends keyof Extension>(
  left: L,
  right: R,
  call: (l: Extension[L], r: Extension[R]) => Result,
): ExtensionFunction {
  return {
    arity: 2,
    call: (l, r) => (!is(l, left) ? typeFailure(typeNames[left], l) : !is(r, right) ? typeFailure(typeNames[right], r) : call(l, r)),
  };
}

const compare = (test: (left: Long, right: Long) => boolean) => between('decimal', 'decimal', (l, r) => test(l.units, r.units));
const whole = (unitMs: number) => on('duration', (value) => divide(value.ms, unitMs));

/** Every function of the extensions by name, methods included: the receiver is the first argument. */
export const extensionFunctions: ReadonlyMap<string, ExtensionFunction> = new Map<string, ExtensionFunction>([
  ['decimal', fromText(decimal)],
  ['lessThan', compare((left, right) => left < right)],
  ['lessThanOrEqual', compare((left, right) => left <= right)],
  ['greaterThan', compare((left, right) => left > right)],
  ['greaterThanOrEqual', compare((left, right) => left >= right)],
  ['ip', fromText(ip)],
  ['isIpv4', on('ip', (value) => value.version === 4)],
  ['isIpv6', on('ip', (value) => value.version === 6)],
  ['isLoopback', on('ip', isLoopback)],
  ['isMulticast', on('ip', isMulticast)],
  ['isInRange', between('ip', 'ip', isInRange)],
  ['datetime', fromText(datetime)],
  ['offset', between('datetime', 'duration', offset)],
  ['durationSince', between('datetime', 'datetime', durationSince)],
  ['toDate', on('datetime', toDate)],
  ['toTime', on('datetime', toTime)],
  ['duration', fromText(duration)],
  ['toMilliseconds', on('duration', (value) => value.ms)],
  ['toSeconds', whole(1000)],
  ['toMinutes', whole(60_000)],
  ['toHours', whole(3_600_000)],
  ['toDays', whole(86_400_000)],
]);
