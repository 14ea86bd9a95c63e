/** A rule of a lifecycle, as far as the console writes one; others are shown as they are. */
export type Rule = {
  readonly id?: string;
  readonly status: string;
  readonly prefix?: string;
  readonly filter?: Readonly<Record<string, unknown>>;
  readonly expiration?: { readonly days?: number; readonly date?: string; readonly expiredObjectDeleteMarker?: boolean };
  readonly noncurrentVersionExpiration?: { readonly noncurrentDays?: number; readonly newerNoncurrentVersions?: number };
  readonly transitions?: readonly { readonly days?: number; readonly date?: string; readonly storageClass: string }[];
  readonly noncurrentVersionTransitions?: readonly { readonly noncurrentDays?: number; readonly storageClass: string }[];
  readonly abortIncompleteMultipartUpload?: { readonly daysAfterInitiation: number };
};

/** What the form holds: a field that is empty asks for nothing. */
export type RuleDraft = {
  readonly prefix: string;
  readonly deleteDays: number | '';
  readonly moveDays: number | '';
  readonly moveTo: string;
  readonly oldDays: number | '';
  readonly oldKept: number | '';
  readonly abortDays: number | '';
};

export const emptyDraft: RuleDraft = {
  prefix: '',
  deleteDays: '',
  moveDays: '',
  moveTo: 'STANDARD_IA',
  oldDays: '',
  oldKept: '',
  abortDays: '',
};

/** The rule that a form asks for; undefined when it asks for nothing. */
export function ruleOf({ prefix, deleteDays, moveDays, moveTo, oldDays, oldKept, abortDays }: RuleDraft): Rule | undefined {
  if ([deleteDays, moveDays, oldDays, abortDays].every((days) => days === '')) return undefined;
  return {
    status: 'Enabled',
    filter: { prefix },
    ...(deleteDays === '' ? {} : { expiration: { days: deleteDays } }),
    ...(moveDays === '' ? {} : { transitions: [{ days: moveDays, storageClass: moveTo }] }),
    ...(oldDays === ''
      ? {}
      : { noncurrentVersionExpiration: { noncurrentDays: oldDays, ...(oldKept === '' ? {} : { newerNoncurrentVersions: oldKept }) } }),
    ...(abortDays === '' ? {} : { abortIncompleteMultipartUpload: { daysAfterInitiation: abortDays } }),
  };
}

const keeping = (count: number | undefined) => (count ? ` but for ${count}` : '');
const after = (days: number | undefined, date: string | undefined) =>
  date ? `on ${date.slice(0, 10)}` : `after ${days ?? 0} ${days === 1 ? 'day' : 'days'}`;

/** What a rule does, in words. */
export function sayRule(rule: Rule): string {
  const { expiration, transitions = [], noncurrentVersionExpiration: old, noncurrentVersionTransitions = [] } = rule;
  const parts = [
    ...(expiration?.days !== undefined || expiration?.date !== undefined ? [`deleted ${after(expiration.days, expiration.date)}`] : []),
    ...(expiration?.expiredObjectDeleteMarker ? ['lone delete markers removed'] : []),
    ...transitions.map(({ days, date, storageClass }) => `moved to ${storageClass} ${after(days, date)}`),
    ...(old ? [`old versions deleted ${after(old.noncurrentDays, undefined)}${keeping(old.newerNoncurrentVersions)}`] : []),
    ...noncurrentVersionTransitions.map(
      ({ noncurrentDays, storageClass }) => `old versions moved to ${storageClass} ${after(noncurrentDays, undefined)}`,
    ),
    ...(rule.abortIncompleteMultipartUpload
      ? [`unfinished uploads given up ${after(rule.abortIncompleteMultipartUpload.daysAfterInitiation, undefined)}`]
      : []),
  ];
  return parts.join('; ');
}

/** What a rule is about, in words. */
export function sayFilter({ prefix, filter = {} }: Rule): string {
  const parts = Object.entries({ ...(prefix === undefined ? {} : { prefix }), ...filter, ...(filter.and as object | undefined) })
    .filter(([name, value]) => name !== 'and' && value !== '')
    .map(([name, value]) => (typeof value === 'object' ? `${name} ${JSON.stringify(value)}` : `${name} ${String(value)}`));
  return parts.length === 0 ? 'all objects' : parts.join(', ');
}
