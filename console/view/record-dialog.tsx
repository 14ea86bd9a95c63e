import { exactMoment } from '../format/moment.ts';
import { titleOf } from '../format/word.ts';
import { CopyButton } from '../part/copy.tsx';
import { CodeBlock } from '../part/code.tsx';
import { Dialog } from '../part/dialog.tsx';

/** One record with everything it holds. */
export function RecordDialog({
  title,
  record,
  onClose,
  children,
}: {
  title: string;
  record: Readonly<Record<string, unknown>>;
  onClose: () => void;
  /** What can be done with it. */
  children?: React.ReactNode;
}) {
  return (
    <Dialog title={title} onClose={onClose} wide>
      <dl className="record">
        {Object.entries(record)
          .filter(([, value]) => value !== undefined && value !== '')
          .map(([name, value]) => (
            <div key={name}>
              <dt>{titleOf(name)}</dt>
              <dd>
                <RecordValue name={name} value={value} />
              </dd>
            </div>
          ))}
      </dl>
      {children && <div className="row dialog-end">{children}</div>}
    </Dialog>
  );
}

function RecordValue({ name, value }: { name: string; value: unknown }) {
  if (name === 'at' && typeof value === 'number') return <span className="mono">{exactMoment(value)}</span>;
  if (typeof value === 'object' && value !== null) return <CodeBlock label={titleOf(name)} text={JSON.stringify(value, null, 2)} />;
  const text = String(value);
  return (
    <span className="row">
      <span className="mono record-text">{text}</span>
      {text.length > 8 && <CopyButton text={text} label={`Copy ${titleOf(name).toLowerCase()}`} />}
    </span>
  );
}
