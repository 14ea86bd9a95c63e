/** A member as far as the assignor minds: what it wants to read. */
export type Wanting = { readonly id: string; readonly topics: readonly string[] };
/** A topic that exists, with its number of partitions. */
export type Sized = { readonly name: string; readonly partitions: number };
/** Partitions by member, each named `topic index`. */
export type Target = ReadonlyMap<string, ReadonlySet<string>>;

/** Contiguous ranges of every topic over its subscribers in order of their ids, so that like topics fall together. */
function range(members: readonly Wanting[], topics: readonly Sized[]): Map<string, Set<string>> {
  const target = new Map(members.map(({ id }) => [id, new Set<string>()]));
  for (const { name, partitions } of topics) {
    const subscribers = members.filter((member) => member.topics.includes(name)).sort((left, right) => (left.id < right.id ? -1 : 1));
    let next = 0;
    subscribers.forEach(({ id }, at) => {
      const share = Math.floor(partitions / subscribers.length) + (at < partitions % subscribers.length ? 1 : 0);
      for (let count = 0; count < share; count++, next++) target.get(id)?.add(`${name} ${next}`);
    });
  }
  return target;
}

/** Even counts, moving as little as that allows from where partitions are now. */
function uniform(members: readonly Wanting[], topics: readonly Sized[], before: Target): Map<string, Set<string>> {
  const target = new Map(members.map(({ id }) => [id, new Set<string>()]));
  const places = topics.flatMap(({ name, partitions }) =>
    Array.from({ length: partitions }, (_, index) => ({ topic: name, place: `${name} ${index}` })),
  );
  const wanters = (topic: string) => members.filter((member) => member.topics.includes(topic));
  const most = Math.ceil(places.filter(({ topic }) => wanters(topic).length > 0).length / Math.max(1, members.length));
  const free = places.filter(({ topic, place }) => {
    const holder = wanters(topic).find(({ id }) => before.get(id)?.has(place) && (target.get(id)?.size ?? 0) < most);
    if (!holder) return true;
    target.get(holder.id)?.add(place);
    return false;
  });
  const size = ({ id }: Wanting) => target.get(id)?.size ?? 0;
  for (const { topic, place } of free) {
    const [least] = wanters(topic).sort((left, right) => size(left) - size(right) || (left.id < right.id ? -1 : 1));
    if (least) target.get(least.id)?.add(place);
  }
  return target;
}

/** The assignors of KIP-848 that run here. */
export const assignors = { uniform, range } as const;
export type AssignorName = keyof typeof assignors;
