// Compares our token counts with the reference tokenizer's on every UTF-8 file under some directories.
// Usage: node compare_tokenizer.mjs COUNT_TOKENS VOCABULARY GPT_TOKENIZER_PACKAGE DIRECTORY...
//
// Prints each difference, then how many files were equal; ends with 1 if one differed. Files over 1 MiB are left out
// (the reference needs seconds for each).
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';

const [program, vocabulary, reference, ...directories] = process.argv.slice(2);
const { encode } = await import(join(resolve(reference), 'esm/encoding/o200k_base.js'));

const files = directories.flatMap((directory) => readdirSync(directory, { withFileTypes: true, recursive: true })
  .filter((entry) => entry.isFile())
  .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
  .filter((path) => !path.includes('\n') && statSync(path).size <= 1 << 20));
const answer = execFileSync(program, [vocabulary], { input: files.join('\n') + '\n', maxBuffer: 1 << 28 });

let equal = 0;
let different = 0;
let bytes = 0;
for (const line of answer.toString().trimEnd().split('\n')) {
  const [count, path] = [Number(line.slice(0, line.indexOf('\t'))), line.slice(line.indexOf('\t') + 1)];
  const text = readFileSync(path, 'utf8');
  const expected = encode(text, { allowedSpecial: new Set(), disallowedSpecial: new Set() }).length;
  bytes += text.length;
  if (count === expected) {
    ++equal;
  } else {
    ++different;
    console.log(`${path}: ours ${count}, reference ${expected}`);
  }
}
console.log(`${equal} files equal, ${different} different, ${bytes} characters`);
process.exitCode = different === 0 ? 0 : 1;
