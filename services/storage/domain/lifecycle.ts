import { createHash } from 'node:crypto';
import type { Static } from 'typebox';
import { fault } from '#kernel/contract/fault.ts';
import type { configurations, LifecycleRule } from '../contract/configuration.ts';

/** The rules that say when objects move to another storage class and when they are deleted. All here is pure: time is an argument. */
export type Rule = Static<typeof LifecycleRule>;
type Lifecycle = Static<(typeof configurations)['lifecycle']>;

const nonsense = (text: string) => fault('InvalidArgument', text);

/** Refuses rules that contradict themselves; those without an id get one. */
export function checkLifecycle({ rules }: Lifecycle): Lifecycle {
  const ids = new Set<string>();
  const kept = rules.map((rule, at) => {
    const made = () =>
      createHash('sha256')
        .update(`${at} ${JSON.stringify(rule)}`)
        .digest('hex')
        .slice(0, 32);
    const id = rule.id === undefined || rule.id === '' ? made() : rule.id;
    if (id.length > 255) throw nonsense('ID length should not exceed allowed limit of 255');
    if (ids.has(id)) throw nonsense('Rule ID must be unique. Found same ID for more than one rule');
    ids.add(id);
    checkRule(rule);
    return { ...rule, id };
  });
  return { rules: kept };
}

function checkRule(rule: Rule): void {
  if (rule.status !== 'Enabled' && rule.status !== 'Disabled') throw fault('MalformedXML');
  if (rule.prefix !== undefined && rule.filter !== undefined) throw fault('MalformedXML');
  if (rule.prefix === undefined && rule.filter === undefined) throw fault('MalformedXML');
  const { filter, expiration, transitions = [], noncurrentVersionExpiration, noncurrentVersionTransitions = [] } = rule;
  if (filter && Object.keys(filter).length > 1) throw fault('MalformedXML');
  const acts = [
    expiration,
    noncurrentVersionExpiration,
    rule.abortIncompleteMultipartUpload,
    ...transitions,
    ...noncurrentVersionTransitions,
  ];
  if (acts.every((act) => act === undefined)) throw nonsense('At least one action needs to be specified in a rule');
  if (expiration) {
    const said = [expiration.days, expiration.date, expiration.expiredObjectDeleteMarker].filter((one) => one !== undefined);
    if (said.length !== 1) throw fault('MalformedXML');
    if (expiration.days !== undefined && expiration.days < 1) throw nonsense("'Days' for Expiration action must be a positive integer");
    checkDate(expiration.date);
  }
  for (const { days, date } of transitions) {
    if ((days === undefined) === (date === undefined)) throw fault('MalformedXML');
    checkDate(date);
    if (expiration?.days !== undefined && days !== undefined && expiration.days <= days)
      throw nonsense("'Days' in the Expiration action must be greater than in the Transition action");
  }
  if (noncurrentVersionExpiration && (noncurrentVersionExpiration.noncurrentDays ?? 0) < 1)
    throw nonsense("'NoncurrentDays' for NoncurrentVersionExpiration action must be a positive integer");
  if (rule.abortIncompleteMultipartUpload && rule.abortIncompleteMultipartUpload.daysAfterInitiation < 1)
    throw nonsense("'DaysAfterInitiation' for AbortIncompleteMultipartUpload action must be a positive integer");
}

function checkDate(date: string | undefined): void {
  if (date === undefined) return;
  const at = Date.parse(date);
  if (Number.isNaN(at)) throw fault('MalformedXML');
  if (at % 86_400_000 !== 0) throw nonsense("'Date' must be at midnight GMT");
}

/** What a rule looks at in a version. Times are milliseconds since 1970. */
export type Subject = {
  readonly key: string;
  readonly size: number;
  readonly modifiedAt: number;
  readonly tags?: Readonly<Record<string, string>>;
  readonly storageClass?: string;
  readonly deleteMarker?: true;
  readonly latest: boolean;
  /** When a newer version took its place. */
  readonly noncurrentSince?: number;
  /** How many newer ones there are that are not the latest. */
  readonly newerNoncurrent?: number;
  /** Whether it is the key's only version. */
  readonly only?: boolean;
};

export type LifecycleAct =
  | { readonly type: 'expire'; readonly rule: string; readonly at: number }
  | { readonly type: 'delete'; readonly rule: string; readonly at: number }
  | { readonly type: 'transition'; readonly rule: string; readonly at: number; readonly storageClass: string };

/** Whether a rule is about a key, its tags and its size. */
export function selects(rule: Rule, { key, tags = {}, size }: Pick<Subject, 'key' | 'tags' | 'size'>): boolean {
  if (rule.status !== 'Enabled') return false;
  const { prefix, tag, and, objectSizeGreaterThan, objectSizeLessThan } = rule.filter ?? {};
  const prefixes = [rule.prefix, prefix, and?.prefix];
  if (prefixes.some((one) => one !== undefined && !key.startsWith(one))) return false;
  if ([...(tag ? [tag] : []), ...(and?.tags ?? [])].some((one) => tags[one.key] !== one.value)) return false;
  const least = objectSizeGreaterThan ?? and?.objectSizeGreaterThan;
  const most = objectSizeLessThan ?? and?.objectSizeLessThan;
  return (least === undefined || size > least) && (most === undefined || size < most);
}

/** The midnight after so many days: S3 rounds up. With a day of another length, exactly so many of them. */
function dueAt(from: number, days: number, dayMs: number): number {
  const at = from + days * dayMs;
  return dayMs === 86_400_000 ? Math.ceil(at / dayMs) * dayMs : at;
}

const classOrder = ['STANDARD', 'STANDARD_IA', 'INTELLIGENT_TIERING', 'ONEZONE_IA', 'GLACIER_IR', 'GLACIER', 'DEEP_ARCHIVE'];
const isColder = (to: string, from: string | undefined) => classOrder.indexOf(to) > classOrder.indexOf(from ?? 'STANDARD');

/** What the rules do to a version first, whether it is due or lies ahead; undefined when they do nothing. Deleting wins over moving. */
export function nextAct(rules: readonly Rule[], subject: Subject, now: number, dayMs: number): LifecycleAct | undefined {
  const acts = rules
    .filter((rule) => selects(rule, subject))
    .flatMap((rule) => (subject.latest ? actsOnLatest(rule, subject, dayMs) : actsOnOlder(rule, subject, dayMs)));
  const due = acts.filter(({ at }) => at <= now);
  const rank = ({ type }: LifecycleAct) => (type === 'transition' ? 1 : 0);
  if (due.length > 0) return due.toSorted((a, b) => rank(a) - rank(b) || b.at - a.at)[0];
  return acts.toSorted((a, b) => a.at - b.at || rank(a) - rank(b))[0];
}

function actsOnLatest(rule: Rule, subject: Subject, dayMs: number): LifecycleAct[] {
  const id = rule.id ?? '';
  const { expiration, transitions = [] } = rule;
  if (subject.deleteMarker) {
    if (!subject.only || !expiration) return [];
    const at = expiration.expiredObjectDeleteMarker
      ? subject.modifiedAt
      : expiration.days === undefined
        ? undefined
        : dueAt(subject.modifiedAt, expiration.days, dayMs);
    return at === undefined ? [] : [{ type: 'delete', rule: id, at }];
  }
  const acts: LifecycleAct[] = [];
  if (expiration?.days !== undefined) acts.push({ type: 'expire', rule: id, at: dueAt(subject.modifiedAt, expiration.days, dayMs) });
  if (expiration?.date !== undefined) acts.push({ type: 'expire', rule: id, at: Date.parse(expiration.date) });
  for (const { days, date, storageClass } of transitions) {
    if (!isColder(storageClass, subject.storageClass)) continue;
    const at = date === undefined ? dueAt(subject.modifiedAt, days ?? 0, dayMs) : Date.parse(date);
    acts.push({ type: 'transition', rule: id, at, storageClass });
  }
  return acts;
}

function actsOnOlder(rule: Rule, subject: Subject, dayMs: number): LifecycleAct[] {
  const id = rule.id ?? '';
  const since = subject.noncurrentSince ?? subject.modifiedAt;
  const kept = (most: number | undefined) => most !== undefined && (subject.newerNoncurrent ?? 0) < most;
  const acts: LifecycleAct[] = [];
  const { noncurrentVersionExpiration: gone, noncurrentVersionTransitions = [] } = rule;
  if (gone && !kept(gone.newerNoncurrentVersions))
    acts.push({ type: 'delete', rule: id, at: dueAt(since, gone.noncurrentDays ?? 0, dayMs) });
  if (subject.deleteMarker) return acts;
  for (const { noncurrentDays = 0, newerNoncurrentVersions, storageClass } of noncurrentVersionTransitions)
    if (isColder(storageClass, subject.storageClass) && !kept(newerNoncurrentVersions))
      acts.push({ type: 'transition', rule: id, at: dueAt(since, noncurrentDays, dayMs), storageClass });
  return acts;
}

/** When the live version of a key expires, and by which rule: what `x-amz-expiration` tells. */
export function expirationOf(
  rules: readonly Rule[],
  subject: Omit<Subject, 'latest'>,
  dayMs: number,
): { at: number; rule: string } | undefined {
  const found = rules
    .filter((rule) => selects(rule, subject))
    .flatMap((rule) => actsOnLatest(rule, { ...subject, latest: true }, dayMs))
    .filter(({ type }) => type === 'expire')
    .toSorted((a, b) => a.at - b.at)[0];
  return found && { at: found.at, rule: found.rule };
}

/** When an unfinished upload is given up; undefined when no rule says so. */
export function abortAt(rules: readonly Rule[], key: string, initiatedAt: number, dayMs: number): { at: number; rule: string } | undefined {
  const found = rules
    .filter(
      (rule) =>
        rule.abortIncompleteMultipartUpload &&
        selects({ ...rule, filter: { prefix: rule.filter?.prefix ?? rule.filter?.and?.prefix ?? '' } }, { key, size: 0 }),
    )
    .map((rule) => ({ rule: rule.id ?? '', at: dueAt(initiatedAt, rule.abortIncompleteMultipartUpload!.daysAfterInitiation, dayMs) }))
    .toSorted((a, b) => a.at - b.at)[0];
  return found;
}
