import { Link } from 'react-router';
import type { AnyService } from '#kernel/contract/contract.ts';
import { useServed } from '../api/contract.ts';
import { usePrincipalNames } from '../api/member.ts';
import { useLink, usePlace } from '../api/place.ts';
import { type MeterSeries, useUsage } from '../api/usage.ts';
import { Spark } from '../chart/spark.tsx';
import { Amount } from '../part/amount.tsx';
import { CopyButton } from '../part/copy.tsx';
import { Icon } from '../part/icon.tsx';
import { Figure, PageHead, Section } from '../part/page.tsx';
import { Waiting } from '../part/state.tsx';
import { Tag } from '../part/status.tsx';
import { When } from '../part/when.tsx';
import { serviceIcon } from '../shell/rail-group.ts';
import { Outcome } from '../view/outcome.tsx';
import { useRecords } from '../view/records.ts';
import { ServiceState } from '../view/service-state.tsx';
import { FirstSteps } from './first-steps.tsx';
import './home.css';

/** What is running, three numbers, what to do first, what was done last. */
export default function Home() {
  const { organization, project, environment } = usePlace();
  const isTest = environment.kind !== 'live';
  return (
    <div className="page">
      <PageHead
        title={`${organization.title || organization.name}`}
        name="Home"
        aside={
          <Tag tone={isTest ? 'test' : undefined}>
            {project.name} / {environment.name}
          </Tag>
        }
        text={isTest ? 'A test environment: nothing here reaches the live one.' : undefined}
      />
      <Numbers />
      <FirstSteps />
      <div className="home">
        <Running />
        <Recent />
      </div>
    </div>
  );
}

function Numbers() {
  const usage = useUsage('day', false);
  const link = useLink();
  const of = (test: (series: MeterSeries) => boolean) => added(usage.series?.filter(test) ?? []);
  const requests = of((series) => series.unit === 'request');
  const moved = of((series) => series.unit === 'byte' && series.kind === 'sum');
  const stored = of((series) => series.unit === 'byte' && series.kind === 'gauge');
  const to = link('platform', 'usage');
  return (
    <div className="figures">
      <Figure label="Requests" to={to} value={<Amount value={requests.total} unit="request" bare />} note="answered in 24 hours">
        <Spark values={requests.values} label="Requests by the hour" />
      </Figure>
      <Figure label="Moved" to={to} value={<Amount value={moved.total} unit="byte" />} note="in and out in 24 hours">
        <Spark values={moved.values} label="Bytes moved by the hour" />
      </Figure>
      <Figure label="Stored" to={to} value={<Amount value={stored.total} unit="byte" />} note="now">
        <Spark values={stored.values} label="Bytes stored by the hour" />
      </Figure>
    </div>
  );
}

function added(all: readonly MeterSeries[]): { total: number; values: readonly number[] } {
  const width = all[0]?.values.length ?? 0;
  return {
    total: all.reduce((sum, series) => sum + series.total, 0),
    values: Array.from({ length: width }, (_, index) => all.reduce((sum, series) => sum + (series.values[index] ?? 0), 0)),
  };
}

function Running() {
  const served = useServed().value;
  const link = useLink();
  const services = Object.values(served?.services ?? {}).filter(({ name }) => name !== 'platform');
  return (
    <Section title="Running here" text={services.length === 0 ? 'No service runs besides the platform itself.' : undefined} flush>
      <ul className="running">
        {services.map((contract) => (
          <li key={contract.name}>
            <span className="running-icon">
              <Icon name={serviceIcon(contract.name)} />
            </span>
            <div className="grow">
              <div className="row">
                <Link to={link(contract.name)}>
                  <strong>{contract.title}</strong>
                </Link>
                <ServiceState service={contract.name} />
              </div>
              <p className="dim">{contract.text}</p>
              <DoorLines contract={contract} />
            </div>
          </li>
        ))}
      </ul>
    </Section>
  );
}

function DoorLines({ contract }: { contract: AnyService }) {
  const served = useServed().value;
  return Object.keys(contract.doors).map((door) => {
    const url = served?.doors[`${contract.name}.${door}`]?.url;
    return (
      url && (
        <div key={door} className="row running-door">
          <span className="dim">{door}</span>
          <span className="mono">{url}</span>
          <CopyButton text={url} label={`Copy the ${door} address`} />
        </div>
      )
    );
  });
}

const everything = {};

function Recent() {
  const stream = useRecords(everything, false);
  const link = useLink();
  const nameOf = usePrincipalNames();
  const rows = stream.items?.slice(0, 8);
  if (stream.problem && !rows) return null;
  return (
    <Section title="Latest activity" actions={<Link to={link('platform', 'audit')}>All</Link>} flush>
      {!rows && <Waiting rows={4} />}
      {rows?.length === 0 && <p className="section-body dim">Nothing has been done here yet.</p>}
      <ul className="recent">
        {rows?.map((record) => (
          <li key={record.sequence}>
            <span className="grow cut">
              <strong>{record.operation}</strong> <span className="dim">{record.name}</span>
            </span>
            <span className="recent-who cut dim" title={record.principal}>
              {nameOf(record.principal)}
            </span>
            <Outcome outcome={record.outcome} gap={record.gap} />
            <span className="dim recent-when">
              <When at={record.at} />
            </span>
          </li>
        ))}
      </ul>
    </Section>
  );
}
