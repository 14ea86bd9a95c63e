import type { AnyService } from '#kernel/contract/contract.ts';
import { useMay } from '../api/call.ts';
import { useServed } from '../api/contract.ts';
import { useLink } from '../api/place.ts';
import { useUsage } from '../api/usage.ts';
import { Spark } from '../chart/spark.tsx';
import { sentenceOf, titleOf } from '../format/word.ts';
import { askFor, useAsk } from '../operation/ask.ts';
import { ConnectLines } from '../operation/connect.tsx';
import { connectFacts, heldFaces, secretsOf } from '../operation/faces.ts';
import { Amount } from '../part/amount.tsx';
import { Button, LinkButton } from '../part/button.tsx';
import { CopyButton } from '../part/copy.tsx';
import { Figure, Section } from '../part/page.tsx';
import type { ServicePages } from '../service-page.ts';
import { orderedKinds } from './kind-order.ts';
import { ServiceHead } from './service-head.tsx';
import { ServiceState } from './service-state.tsx';

/** A service at a glance: is it well, the numbers that matter, how to connect. */
export function ServiceOverview({ contract, pages }: { contract: AnyService; pages: ServicePages }) {
  const ask = useAsk();
  const may = useMay(contract.name);
  const first = orderedKinds(contract, pages).find((kind) => kind.create && may(kind.create.name))?.create;
  const Own = pages.overview;
  return (
    <div className="page">
      <ServiceHead
        contract={contract}
        aside={<ServiceState service={contract.name} />}
        actions={
          first && (
            <Button look="main" icon="plus" onClick={() => ask(contract.name, first.name)}>
              {sentenceOf(first.name)}
            </Button>
          )
        }
      />
      {Own ? <Own /> : <Meters contract={contract} />}
      <Connect contract={contract} />
    </div>
  );
}

/** The first three meters of the contract over a day. */
function Meters({ contract }: { contract: AnyService }) {
  const usage = useUsage('day', false, contract.name);
  return (
    <div className="figures">
      {Object.entries(contract.meters)
        .slice(0, 3)
        .map(([name, meter]) => {
          const series = usage.series?.find((each) => each.meter === name);
          return (
            <Figure
              key={name}
              label={titleOf(name)}
              value={<Amount value={series?.total ?? 0} unit={meter.unit} bare />}
              note={`${meter.kind === 'sum' ? 'in 24 hours' : 'now'} · ${meter.text}`}
            >
              <Spark values={series?.values ?? []} label={`${titleOf(name)} by the hour`} />
            </Figure>
          );
        })}
    </div>
  );
}

function Connect({ contract }: { contract: AnyService }) {
  const served = useServed().value;
  const link = useLink();
  const held = heldFaces();
  const doors = Object.entries(contract.doors).flatMap(([name, door]) => {
    const url = served?.doors[`${contract.name}.${name}`]?.url;
    return url === undefined ? [] : [{ name, door, url }];
  });
  if (doors.length === 0) return null;
  return (
    <Section
      title="Connect"
      text={held ? 'With the credential you made in this window.' : 'These lines lack your secrets. Make a credential and they fill in.'}
      actions={
        !held && (
          <LinkButton size="small" icon="credential" to={link('platform', 'credentials') + askFor('platform', 'CreateCredential')}>
            Create a credential
          </LinkButton>
        )
      }
    >
      <div className="stack">
        <dl className="doors">
          {doors.map(({ name, door, url }) => (
            <div key={name}>
              <dt>{door.protocol}</dt>
              <dd>
                <span className="mono">{url}</span>
                <CopyButton text={url} label={`Copy the ${door.protocol} address`} />
              </dd>
              <dd className="dim">{door.text}</dd>
            </div>
          ))}
        </dl>
        <ConnectLines
          service={contract.name}
          hide={secretsOf(held)}
          facts={(endpoint) => connectFacts(held, endpoint, served?.region ?? '')}
        />
      </div>
    </Section>
  );
}
