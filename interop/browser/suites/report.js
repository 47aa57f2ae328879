// Prints the matrix at the end.
import { test } from "node:test";
import { table } from "../lib/ledger.js";

test("report: calls made through each version of each package", () => console.log(table()));
