/** Storage classes are device profiles that are simulated: all bytes lie alike, and what a class is slow at is waited for. */
export const storageClasses = [
  'STANDARD',
  'STANDARD_IA',
  'ONEZONE_IA',
  'INTELLIGENT_TIERING',
  'REDUCED_REDUNDANCY',
  'GLACIER_IR',
  'GLACIER',
  'DEEP_ARCHIVE',
] as const;
export type StorageClass = (typeof storageClasses)[number];

export type Tier = 'Expedited' | 'Standard' | 'Bulk';

/** Days until a restored copy can be read, by class and tier; undefined when S3 has no such tier. */
const restoreDays: Readonly<Record<string, Readonly<Partial<Record<Tier, number>>>>> = {
  GLACIER: { Expedited: 5 / 1440, Standard: 5 / 24, Bulk: 12 / 24 },
  DEEP_ARCHIVE: { Standard: 0.5, Bulk: 2 },
};

export function isArchived(storageClass: string | undefined): boolean {
  return storageClass !== undefined && Object.hasOwn(restoreDays, storageClass);
}

/** How long a restore takes, in days; undefined when the class is not restored so. */
export function restoreDelay(storageClass: string | undefined, tier: Tier): number | undefined {
  return storageClass === undefined ? undefined : restoreDays[storageClass]?.[tier];
}

type Archived = { readonly storageClass?: string; readonly restore?: { readonly readyAt: number; readonly until: number } };

/** Whether the bytes can be read now: archived ones only while a restored copy is there. */
export function isReadable({ storageClass, restore }: Archived, now: number): boolean {
  if (!isArchived(storageClass)) return true;
  return restore !== undefined && restore.readyAt <= now && now < restore.until;
}
