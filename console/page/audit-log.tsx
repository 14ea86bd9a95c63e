import { useApi } from '../api/call.ts';
import { useRead } from '../api/read.ts';
import { exactMoment } from '../format/moment.ts';
import { exactCount } from '../format/quantity.ts';
import { CodeBlock } from '../part/code.tsx';
import { Id } from '../part/copy.tsx';
import { Facts, Section } from '../part/page.tsx';
import { Empty, Refusal, Waiting } from '../part/state.tsx';
import { Status } from '../part/status.tsx';
import { toHex } from '../proof/byte.ts';
import { canCheck, checkConsistency, type Proof, type Seen } from '../proof/check.ts';
import { type CheckedSignature, checkSignatures, parseCheckpoint, type SignedCheckpoint, together } from '../proof/note.ts';
import { keepSeen, lastSeen } from '../proof/seen.ts';
import { SignatureLines } from '../proof/signature-line.tsx';

/** What `GetAuditLog` answers. */
export type AuditLogFacts = {
  readonly log: string;
  readonly size: number;
  readonly checkpoint: string;
  readonly verifiers: readonly string[];
};

type Found = {
  readonly facts: AuditLogFacts;
  readonly checkpoint: SignedCheckpoint | undefined;
  readonly signatures: readonly CheckedSignature[];
  /** The checkpoint that this browser saw before, and whether the log still begins with it. */
  readonly before: { readonly seen: Seen; readonly holds: boolean } | undefined;
};

/** The whole log: its signed root, and whether it still begins with what this browser saw before. */
export function AuditLog() {
  const api = useApi();
  const reading = useRead<Found>(canCheck() ? `audit log ${api.environment ?? ''}` : undefined, async () => {
    const facts = await api.call<AuditLogFacts>('platform', 'GetAuditLog', '');
    const checkpoint = parseCheckpoint(facts.checkpoint);
    if (!checkpoint) return { facts, checkpoint, signatures: [], before: undefined };
    const signatures = await checkSignatures(checkpoint, facts.verifiers);
    const seen = lastSeen(facts.log);
    const proof = seen && (await api.call<Proof>('platform', 'ProveAudit', facts.log, { from: seen.size }).catch(() => undefined));
    const before = seen && { seen, holds: proof !== undefined && (await checkConsistency(proof, seen)) };
    if (before?.holds !== false && ['good', 'unable'].includes(together(signatures)))
      keepSeen(facts.log, { size: checkpoint.size, root: toHex(checkpoint.root), at: Date.now() });
    return { facts, checkpoint, signatures, before };
  });
  const { value } = reading;
  if (!canCheck())
    return (
      <Section>
        <Empty icon="warning" title="This browser cannot check it here">
          Hashing is open only to pages of an address that the browser trusts: https, or this machine's own.
        </Empty>
      </Section>
    );
  if (!value) return <Section>{reading.problem ? <Refusal problem={reading.problem} again={reading.again} /> : <Waiting />}</Section>;
  if (!value.checkpoint)
    return (
      <Section>
        <Empty icon="audit" title="No checkpoint yet">
          The log is signed within a second of its first record.
        </Empty>
      </Section>
    );
  return <Shown {...value} checkpoint={value.checkpoint} />;
}

function Shown({ facts, checkpoint, signatures, before }: Found & { checkpoint: SignedCheckpoint }) {
  return (
    <>
      <Section title="Checkpoint" text="A promise of everything recorded so far: whoever holds it can tell if the past is rewritten.">
        <div className="stack">
          <Facts
            facts={[
              ['Log', <Id key="log" id={facts.log} whole />],
              ['Records', exactCount(checkpoint.size)],
              ['Root', <Id key="root" id={toHex(checkpoint.root)} />],
            ]}
          />
          <ol className="checks">
            <SignatureLines signatures={signatures} />
            <li>
              <Before before={before} />
            </li>
          </ol>
        </div>
      </Section>
      <Section title="Check it without us" text="The files of the log and a public key are all it takes.">
        <div className="stack">
          <CodeBlock label="verifier lines" text={facts.verifiers.join('\n')} />
          <CodeBlock
            label="commands"
            text={[
              'gamut audit verify',
              `curl -H "Authorization: Bearer $GAMUT_TOKEN" ${location.origin}/audit/${facts.log}/checkpoint`,
              `fsck --storage_url ${location.origin}/audit/${facts.log}/ --bearer_token $GAMUT_TOKEN --public_key first-verifier-line.txt`,
            ].join('\n')}
          />
          <CodeBlock label="checkpoint" text={facts.checkpoint} />
        </div>
      </Section>
    </>
  );
}

function Before({ before }: { before: Found['before'] }) {
  if (!before)
    return (
      <>
        <Status tone="note">This browser sees the log for the first time</Status>
        <span className="dim">It keeps the checkpoint, and asks at the next look whether the log still begins with it.</span>
      </>
    );
  const { seen, holds } = before;
  return (
    <>
      <Status tone={holds ? 'ok' : 'bad'}>
        {holds ? 'The log still begins with what this browser saw before' : 'The log does not begin with what this browser saw before'}
      </Status>
      <span className="dim">
        {exactCount(seen.size)} records, seen {exactMoment(seen.at)}
      </span>
    </>
  );
}
