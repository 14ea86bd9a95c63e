import { createClient } from '../../sdk/index.ts';
import { analytics } from '#services/analytics/service.ts';
import type pg from 'pg';
import { tourEventsTries, tourLookMs } from '../limits.ts';
import type { Stage } from './stage.ts';

const open = async (stage: Stage): Promise<pg.Client> => {
  const { default: postgres } = await import('pg');
  const { hostname, port } = new URL(stage.doors['analytics.postgres']?.url ?? '');
  const { username, password } = stage.cast.owner?.sasl ?? { username: '', password: '' };
  const client = new postgres.Client({ host: hostname, port: Number(port), user: username, password });
  await client.connect();
  return client;
};

/** Makes a source of the environment's own events, before anything happens in it, and a view and a dashboard over them. */
export async function eventScene(stage: Stage): Promise<void> {
  const { host } = new URL(stage.doors['analytics.postgres']?.url ?? '');
  stage.scene(`The platform's own events as a view, at ${host}, by the unmodified pg client`);
  let began = performance.now();
  const client = await open(stage);
  await client.query(`create source events (id text, type text, subject text, time timestamptz)
      with (topic = 'gamut.events', format = 'json');
    create materialized view happened as select type, count(*) as times, max(time) as last from events group by type`);
  await client.end();
  stage.done('a source over the topic gamut.events, and a view that counts what happens', began);
  began = performance.now();
  const { url = '' } = stage.doors['analytics.rest'] ?? {};
  const api = createClient(analytics, { url, bearer: stage.cast.owner?.bearer ?? '' });
  const panels = [
    { title: 'Events', query: 'select sum(times) as events from happened', show: 'number' as const },
    { title: 'What happened', query: 'select type, times from happened order by times desc', show: 'bars' as const },
    { title: 'Last', query: 'select type, times, last from happened order by last desc', show: 'table' as const, wide: true },
  ];
  await api.CreateDashboard({ name: 'tour', spec: { title: 'What happens here', panels } });
  stage.done('a dashboard of it, which changes as it does', began);
}

/** What the view has counted of this tour. */
export async function happenedScene(stage: Stage): Promise<void> {
  stage.scene('What happened, as the view has it');
  const began = performance.now();
  const client = await open(stage);
  type Happened = { type: string; times: string };
  let rows: Happened[] = [];
  for (let tries = 0; rows.length === 0 && tries < tourEventsTries; tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, tourLookMs));
    ({ rows } = await client.query<Happened>('select type, times from happened order by times desc, type'));
  }
  await client.end();
  stage.assert(rows.length > 0, 'no event came into the view');
  stage.done(`${rows.reduce((sum, { times }) => sum + Number(times), 0)} events of ${rows.length} types, each counted once`, began);
  for (const { type, times } of rows) stage.say(`    ${type.padEnd(48)} ${times.padStart(8)}`);
  stage.say(`  The dashboard "tour" shows them as they come: ${stage.facts.console}`);
}
