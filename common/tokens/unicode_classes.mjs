// Writes unicode_classes.inc: what class of the o200k pattern each code point has, as runs of equal class.
// Usage: node unicode_classes.mjs > unicode_classes.inc
//
// A class is what the pattern can tell apart, with white space as Unicode has it. Alphabets whose upper and lower
// case alternate are one run of class A: even code points upper, odd lower; B is the reverse.
const classes = [
  ['N', /^\p{N}$/u], ['U', /^[\p{Lu}\p{Lt}]$/u], ['L', /^\p{Ll}$/u], ['C', /^[\p{Lm}\p{Lo}]$/u], ['M', /^\p{M}$/u],
  ['W', /^[\r\n]$/u], ['S', /^\p{White_Space}$/u],
];
const classOf = (codePoint) => {
  const character = String.fromCodePoint(codePoint);
  const found = classes.find(([, pattern]) => pattern.test(character));
  return found ? found[0] : 'O';
};

const all = Array.from({ length: 0x110000 }, (_, codePoint) => classOf(codePoint));

const runLength = (from, expected) => {
  let at = from;
  while (at < all.length && all[at] === expected(at)) ++at;
  return at - from;
};
const candidates = {
  A: (at) => (at % 2 === 0 ? 'U' : 'L'),
  B: (at) => (at % 2 === 0 ? 'L' : 'U'),
};

const runs = [];
for (let at = 0; at < all.length;) {
  let [name, length] = [all[at], runLength(at, () => all[at])];
  for (const [alternating, expected] of Object.entries(candidates)) {
    const longer = runLength(at, expected);
    if (longer > length && longer >= 3) [name, length] = [alternating, longer];
  }
  runs.push([at, name]);
  at += length;
}

console.log(`// Made by unicode_classes.mjs from Unicode ${process.versions.unicode}. Each run: first code point, class.`);
let line = '';
for (const [first, name] of runs) {
  const cell = `{0x${first.toString(16).toUpperCase()}, ${name}},`;
  if (line && line.length + 1 + cell.length > 120) {
    console.log(line);
    line = '';
  }
  line += (line ? ' ' : '') + cell;
}
console.log(line);
