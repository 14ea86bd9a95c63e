import { useEffect, useMemo, useState } from 'react';
import { useOperation } from '#console/api/call.ts';
import { exactCount } from '#console/format/quantity.ts';
import { Button } from '#console/part/button.tsx';
import { Figure, Section } from '#console/part/page.tsx';
import { Refusal, Waiting } from '#console/part/state.tsx';
import type { DriveMap } from './drive.ts';
import { DurabilityCurve } from './durability-curve.tsx';
import { type Asked, type Estimate, inputOf } from './durability-model.ts';
import { livesPlayed } from './limits.ts';
import { NumberField } from './number-field.tsx';

const store: Asked = { dataShards: 12, parityShards: 4, failurePercent: 1.57, repairDays: 1, domains: 0, domainPercent: 1 };
const starts: readonly { readonly title: string; readonly asked: Asked }[] = [
  { title: 'This store', asked: store },
  { title: "Backblaze's vault", asked: { ...store, dataShards: 17, parityShards: 3, failurePercent: 0.405, repairDays: 6.5 } },
  { title: 'Three copies', asked: { ...store, dataShards: 1, parityShards: 2 } },
  { title: 'Four racks', asked: { ...store, domains: 4 } },
];

/** How durable a code is: nines by three models, and what makes them more or fewer. */
export function Durability() {
  const map = useOperation<DriveMap>('storage', 'DescribeDrives', '', {}).value;
  const [asked, setAsked] = useState(store);
  const [plays, setPlays] = useState(false);
  const input = useMemo(() => ({ ...inputOf(asked), ...(plays ? { lives: livesPlayed } : {}) }), [asked, plays]);
  const reading = useOperation<Estimate>('storage', 'EstimateDurability', '', input);
  // The last answer stands until the next one comes.
  const [last, setLast] = useState<Estimate>();
  useEffect(() => {
    if (reading.value) setLast(reading.value);
  }, [reading.value]);
  const estimate = reading.value ?? last;
  return (
    <>
      {map?.failureDomains === 1 && (
        <p className="dim">
          The drives of this store are directories of one disk. What the model says holds for drives that fail one by one; the disk takes
          all of them along.
        </p>
      )}
      {estimate ? <Nines estimate={estimate} /> : !reading.problem && <Waiting rows={2} />}
      {reading.problem && <Refusal problem={reading.problem} again={reading.again} />}
      <div className="policy-page">
        <DurabilityCurve asked={asked} />
        <Question asked={asked} onChange={setAsked} plays={plays} onPlays={setPlays} />
      </div>
    </>
  );
}

const raisedDigits = (power: number) => [...String(power)].map((digit) => '⁰¹²³⁴⁵⁶⁷⁸⁹'[Number(digit)]).join('');
const years = (value: number) =>
  value < 1e6 ? `${exactCount(Math.round(value))} years` : `10${raisedDigits(Math.floor(Math.log10(value)))} years`;

function Nines({ estimate }: { estimate: Estimate }) {
  const { nines, windowNines, correlated, played, meanYearsToLoss, rawPerByte } = estimate;
  const raw = `${rawPerByte.toFixed(2)} raw bytes for each byte`;
  return (
    <div className="figures">
      <Figure
        label="Drives alone, by the chain"
        value={`${nines.toFixed(1)} nines`}
        note={`lost once in ${years(meanYearsToLoss)}; ${raw}`}
      />
      <Figure label="Windows of repair" value={`${windowNines.toFixed(1)} nines`} note="the model of Backblaze's published calculator" />
      {correlated && (
        <Figure
          label="With whole domains failing"
          value={`${correlated.nines.toFixed(1)} nines`}
          note={`once in ${years(correlated.meanYearsToLoss)}`}
        />
      )}
      {played && (
        <Figure
          label="Played by chance"
          value={`${((played.meanYears / played.chainYears - 1) * 100).toFixed(1).replace('-', '−')} %`}
          note={`off the chain, in ${exactCount(played.lives)} lives with ${exactCount(Math.round(played.raisedBy))} times the failures`}
        />
      )}
    </div>
  );
}

type QuestionProps = { asked: Asked; onChange: (asked: Asked) => void; plays: boolean; onPlays: (plays: boolean) => void };

function Question({ asked, onChange, plays, onPlays }: QuestionProps) {
  const number = (name: keyof Asked, label: string, more: { min: number; max: number; suffix?: string; decimals?: number }) => (
    <NumberField label={label} {...more} value={asked[name]} onChange={(value) => onChange({ ...asked, [name]: value })} />
  );
  return (
    <Section title="What if" text="A model: drives fail apart from each other, domains with all that is in them.">
      <div className="stack">
        <div className="row wrap">
          {starts.map((start) => (
            <Button key={start.title} size="small" onClick={() => onChange(start.asked)}>
              {start.title}
            </Button>
          ))}
        </div>
        <div className="pair">
          {number('dataShards', 'Data shards', { min: 1, max: 200 })}
          {number('parityShards', 'Parity shards', { min: 0, max: 50 })}
        </div>
        <div className="pair">
          {number('failurePercent', 'Drives that fail a year', { min: 0.001, max: 1000, suffix: ' %', decimals: 3 })}
          {number('repairDays', 'Days until repaired', { min: 0.001, max: 365, decimals: 3 })}
        </div>
        <div className="pair">
          {number('domains', 'Racks that fail whole', { min: 0, max: 250 })}
          {number('domainPercent', 'Of them fail a year', { min: 0, max: 1000, suffix: ' %', decimals: 3 })}
        </div>
        <label className="row">
          <input type="checkbox" className="tick" checked={plays} onChange={(event) => onPlays(event.currentTarget.checked)} />
          Play lives of a stripe by chance, to see that the chain is right
        </label>
      </div>
    </Section>
  );
}
