import { Facts, Section } from '#console/part/page.tsx';
import { Status, Tag } from '#console/part/status.tsx';
import { type Column, Table } from '#console/part/table.tsx';
import { wordOf } from './row.ts';
import { Money, State } from './state.tsx';
import type { Attempt, Decision, Rule } from './trace.ts';

/** One attempt at a payment: what was known, what was decided by which rules, which way it went, and what came of it. */
export function AttemptSection({ attempt, number, of }: { attempt: Attempt; number: number; of: number }) {
  const { charge, decision, route } = attempt;
  const { amount = 0, currency = '', status = '' } = charge;
  const by = charge.payment_method_details?.type ?? '';
  return (
    <Section title={of > 1 ? `Attempt ${number} of ${of}` : 'Attempt'} text={charge.failure_message ?? charge.outcome?.seller_message}>
      <div className="stack">
        <Facts
          facts={[
            ['Outcome', <State key="outcome" status={charge.outcome?.type === 'blocked' ? 'blocked' : status} />],
            ['Amount', <Money key="amount" amount={amount} currency={currency} />],
            ['Paid by', wordOf(by)],
            ['Route', route ? wordOf([route.rail, route.network].filter(Boolean).join(', ')) : 'none: nobody was asked'],
            ['Reference', route?.reference ? <span className="mono">{route.reference}</span> : '–'],
            ['Approval', route?.approval ? <span className="mono">{route.approval}</span> : '–'],
            ['Decision', decision ? <Decided key="decision" decision={decision} /> : 'not assessed'],
            ['Scored by', decision?.model ?? 'no model'],
            ...(decision?.shadow ? [['In shadow', <Shadowed key="shadow" shadow={decision.shadow} />] as const] : []),
          ]}
        />
        {decision && decision.rules.length > 0 && (
          <Table label={`Rules of attempt ${number}`} columns={ruleColumns} rows={decision.rules} rowKey={({ id }) => id} />
        )}
        {decision && decision.features.length > 0 && (
          <Table label={`Features of attempt ${number}`} columns={featureColumns} rows={featuresOf(decision)} rowKey={({ name }) => name} />
        )}
      </div>
    </Section>
  );
}

function Decided({ decision: { action, risk_level: level, risk_score: score } }: { decision: Decision }) {
  const tone = action === 'block' ? 'bad' : action === 'none' || action === 'allow' ? 'ok' : 'warn';
  return (
    <Status tone={tone}>
      {action === 'none' ? 'let in' : action} · {level} risk{score === null ? '' : `, score ${score}`}
    </Status>
  );
}

/** What another model would have decided. */
const Shadowed = ({ shadow: { model, level, score, action } }: { shadow: NonNullable<Decision['shadow']> }) => (
  <span>
    {action === 'none' ? 'let in' : action} · {level} risk, score {score}, by <span className="mono">{model}</span>
  </span>
);

const ruleColumns: readonly Column<Rule>[] = [
  { key: 'held', title: 'Held', show: ({ held }) => (held ? <Status tone="warn">held</Status> : <span className="dim">no</span>) },
  { key: 'action', title: 'Does', show: ({ action }) => action ?? '' },
  { key: 'predicate', title: 'If', show: ({ predicate, id }) => <span className="mono">{predicate ?? id}</span> },
  { key: 'status', title: 'Rule is', show: ({ status }) => <Tag>{status}</Tag> },
];

type Feature = Decision['features'][number] & { readonly contribution: number | undefined };

const featuresOf = ({ features, reasons }: Decision): Feature[] =>
  features
    .map((feature) => ({ ...feature, contribution: reasons.find((reason) => reason.feature === feature.name)?.contribution }))
    .toSorted((one, other) => Math.abs(other.contribution ?? 0) - Math.abs(one.contribution ?? 0));

const digits = 3;
const featureColumns: readonly Column<Feature>[] = [
  { key: 'name', title: 'Feature', show: ({ name }) => <span className="mono">{name}</span> },
  {
    key: 'value',
    title: 'Value',
    right: true,
    show: ({ value }) => (typeof value === 'number' ? Number(value.toFixed(digits)) : String(value)),
  },
  {
    key: 'contribution',
    title: 'Spoke for fraud',
    right: true,
    show: ({ contribution }) => (contribution === undefined ? '' : contribution.toFixed(digits)),
  },
];
