import type { Handle } from '#seams/sql/sql.ts';

/**
 * The next sequence number of each record's tenant, in order. The heads are taken in order of tenant, so that two
 * journals that are stored at once never wait for each other.
 */
export async function takeNumbers(
  tx: Pick<Handle, 'query'>,
  head: 'audit_head' | 'event_head',
  tenants: readonly bigint[],
): Promise<bigint[]> {
  const counts = new Map<bigint, bigint>();
  for (const tenant of tenants) counts.set(tenant, (counts.get(tenant) ?? 0n) + 1n);
  const wanted = [...counts].sort(([a], [b]) => (a < b ? -1 : 1));
  const { rows } = await tx.query(
    `insert into platform.${head} as h (tenant, sequence) select tenant, sequence from unnest($1::bigint[], $2::bigint[]) as
     r(tenant, sequence)
     on conflict (tenant) do update set sequence = h.sequence + excluded.sequence returning tenant, sequence`,
    [wanted.map(([tenant]) => tenant), wanted.map(([, count]) => count)],
  );
  const next = new Map(
    (rows as { tenant: bigint; sequence: bigint }[]).map(({ tenant, sequence }) => [tenant, sequence - (counts.get(tenant) ?? 0n)]),
  );
  return tenants.map((tenant) => {
    const number = (next.get(tenant) ?? 0n) + 1n;
    next.set(tenant, number);
    return number;
  });
}
