const strokes = Array.from({ length: 16 }, (_, index) => ({ angle: index * 22.5, outer: 8.6 - index * 0.5 }));

/** The mark: sixteen strokes around one centre, each a little longer than the one before. */
export function Mark({ size = 22 }: { size?: number }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 32 32"
      fill="none"
      stroke="currentColor"
      strokeWidth="2.2"
      strokeLinecap="round"
      aria-hidden="true"
      focusable="false"
      className="mark"
    >
      {strokes.map(({ angle, outer }) => (
        <path key={angle} d={`M16 ${outer}V10.4`} transform={`rotate(${angle} 16 16)`} />
      ))}
    </svg>
  );
}
