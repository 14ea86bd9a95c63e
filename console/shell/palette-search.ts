import { useEffect, useState } from 'react';
import { type Api, useApi } from '../api/call.ts';
import { type Kind, kindsOf, useServed } from '../api/contract.ts';
import type { Thing } from '../api/pages.ts';
import { type Place, rootOf } from '../api/place.ts';
import { paletteFoundMax, typingPauseMs } from '../limits.ts';
import type { PaletteEntry } from './palette-entry.ts';
import { serviceIcon } from './rail-group.ts';

/** Resources whose names begin with what is typed, asked of every collection that can be listed by prefix. */
export function useFound(place: Place, typed: string): readonly PaletteEntry[] {
  const api = useApi();
  const known = useServed().value;
  const [found, setFound] = useState<readonly PaletteEntry[]>([]);
  useEffect(() => {
    const words = typed.trim();
    if (words === '' || !known) {
      setFound([]);
      return undefined;
    }
    const stop = new AbortController();
    const timer = setTimeout(() => {
      const kinds = Object.values(known.services)
        .filter((contract) => contract.name !== 'platform')
        .flatMap(kindsOf)
        .filter(canFind);
      void Promise.all(kinds.map((kind) => search(api, place, kind, words, stop.signal))).then((lists) => {
        if (!stop.signal.aborted) setFound(lists.flat());
      });
    }, typingPauseMs);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [api, known, place, typed]);
  return found;
}

function canFind(kind: Kind): boolean {
  const input = kind.list?.operation.input as { properties?: Record<string, unknown> } | undefined;
  return input?.properties !== undefined && Object.hasOwn(input.properties, 'prefix');
}

async function search(api: Api, place: Place, kind: Kind, prefix: string, signal: AbortSignal): Promise<PaletteEntry[]> {
  const service = kind.contract.name;
  try {
    const reply = await api.call<{ items: readonly Thing[] }>(
      service,
      kind.list?.name ?? '',
      '',
      { prefix, limit: paletteFoundMax },
      { signal },
    );
    return reply.items.map(({ name }) => ({
      key: `${service}/${kind.plural}/${name}`,
      title: name,
      note: `${kind.contract.title} · ${kind.name}`,
      icon: serviceIcon(service),
      to: `${rootOf(place)}/${service}/${kind.plural}/${encodeURIComponent(name)}`,
      kind: 'resource',
    }));
  } catch {
    // A collection that this person may not list, or that is away, gives no rows; its own page says why.
    return [];
  }
}
