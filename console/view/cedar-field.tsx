import { useRef } from 'react';
import './cedar.css';

type Props = {
  readonly label: string;
  readonly value: string;
  readonly onChange?: (text: string) => void;
  /** Counted from 1; marked as the one that is wrong. */
  readonly wrongLine?: number | undefined;
  readonly describedBy?: string;
};

/** The text of a policy with the numbers of its lines. */
export function CedarField({ label, value, onChange, wrongLine, describedBy }: Props) {
  const gutter = useRef<HTMLDivElement>(null);
  const lines = Math.max(value.split('\n').length, 8);
  return (
    <div className="cedar">
      <div className="cedar-lines" ref={gutter} aria-hidden="true">
        {Array.from({ length: lines }, (_, index) => (
          <span key={index} data-wrong={index + 1 === wrongLine || undefined}>
            {index + 1}
          </span>
        ))}
      </div>
      <textarea
        className="cedar-text"
        aria-label={label}
        aria-invalid={wrongLine !== undefined}
        aria-describedby={describedBy}
        value={value}
        rows={Math.min(lines, 24)}
        readOnly={!onChange}
        onChange={(event) => onChange?.(event.currentTarget.value)}
        onScroll={(event) => {
          if (gutter.current) gutter.current.scrollTop = event.currentTarget.scrollTop;
        }}
        spellCheck={false}
        autoComplete="off"
        autoCapitalize="off"
        wrap="off"
      />
    </div>
  );
}
