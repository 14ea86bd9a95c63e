import { useEffect, useState } from 'react';
import { useServed } from '../api/contract.ts';
import { CodeBlock } from '../part/code.tsx';
import type { ConnectFacts, ConnectLine } from '../service-page.ts';
import { loadServicePages } from '../service-registry.ts';
import './connect.css';

type Props = { facts: (endpoint: string) => ConnectFacts; hide: readonly string[]; service?: string };

/** Copy-paste lines for clients that people have, for every door that runs here, or for one service's. */
export function ConnectLines({ facts, hide, service }: Props) {
  const lines = useLines(facts, service);
  const [client, setClient] = useState<string>();
  const shown = lines.find((line) => line.client === client) ?? lines[0];
  if (!shown) return null;
  return (
    <div className="connect">
      <div className="connect-clients" role="group" aria-label="Client">
        {lines.map((line) => (
          <button
            key={line.client}
            type="button"
            className="connect-client"
            aria-pressed={line === shown}
            onClick={() => setClient(line.client)}
          >
            {line.client}
          </button>
        ))}
      </div>
      <CodeBlock text={shown.text} label={`${shown.client} lines`} hide={hide} />
    </div>
  );
}

function useLines(facts: Props['facts'], only: string | undefined): readonly ConnectLine[] {
  const served = useServed().value;
  const [makers, setMakers] = useState<readonly ((facts: Props['facts']) => readonly ConnectLine[])[]>([]);
  useEffect(() => {
    let gone = false;
    const doors = Object.entries(served?.doors ?? {}).filter(([door]) => only === undefined || door.startsWith(`${only}.`));
    void Promise.all(
      doors.map(async ([door, { url }]) => {
        const [service = '', protocol = ''] = door.split('.');
        const make = (await loadServicePages(service)).connect?.[protocol];
        return (told: Props['facts']) => make?.(told(url.replace(/\/$/, ''))) ?? [];
      }),
    ).then((all) => {
      if (!gone) setMakers(all);
    });
    return () => {
      gone = true;
    };
  }, [served, only]);
  const lines = makers.flatMap((make) => make(facts));
  return only === undefined ? [...lines, restLine(facts(location.origin))] : lines;
}

function restLine(facts: ConnectFacts): ConnectLine {
  return { client: 'curl (REST)', text: `curl ${facts.endpoint}/v1/platform/credentials \\\n  -H 'Authorization: Bearer ${facts.bearer}'` };
}
