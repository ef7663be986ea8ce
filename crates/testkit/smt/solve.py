"""Answers questions in SMT-LIB, one after the other, each ending with a line "; end".

Usage: solve.py cvc5|z3 MILLISECONDS. Prints sat, unsat, unknown or "error: ..." for each.
"""

import sys


def ask_cvc5(text, limit):
    import cvc5

    solver = cvc5.Solver()
    solver.setOption("tlimit-per", str(limit))
    solver.setOption("strings-exp", "true")
    parser = cvc5.InputParser(solver)
    parser.setStringInput(cvc5.InputLanguage.SMT_LIB_2_6, text, "question")
    symbols = parser.getSymbolManager()
    answer = "unknown"
    while True:
        command = parser.nextCommand()
        if command.isNull():
            return answer
        said = command.invoke(solver, symbols).strip()
        if said.split()[:1] in (["sat"], ["unsat"], ["unknown"]):
            answer = said.split()[0]
        elif said and said != "success":
            return "error: " + " ".join(said.split())


def ask_z3(text, limit):
    import z3

    solver = z3.Solver()
    solver.set("timeout", limit)
    solver.from_string(text)
    return str(solver.check())


def main():
    ask = {"cvc5": ask_cvc5, "z3": ask_z3}[sys.argv[1]]
    limit = int(sys.argv[2])
    lines = []
    for line in sys.stdin:
        if line != "; end\n":
            lines.append(line)
            continue
        text = "".join(lines).replace("(check-sat)\n", "" if sys.argv[1] == "z3" else "(check-sat)\n")
        lines = []
        try:
            print(ask(text, limit), flush=True)
        except Exception as error:
            print("error: " + " ".join(str(error).split()), flush=True)


main()
