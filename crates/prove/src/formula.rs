//! Formulas about all requests: a graph of shared nodes over atoms.
//!
//! An atom is a whole test, "the action is in this list", not an entry: a list of 500 entries is one Boolean, and what two
//! versions of a policy have in common is one atom, whose contradictions need no theory.

use crate::algebra::{Algebra, Part, Variable};
use crate::key::Test;
use crate::pattern::VariableId;
use crate::sat::{Literal, Solver};
use portcullis_source::hash::Map;
use std::sync::Arc;

/// The number of an atom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct AtomId(pub(crate) u32);

/// An atom and the answer that it is to have.
pub(crate) type Wish = (AtomId, bool);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Node {
    True,
    Atom(AtomId),
    And(Arc<[Formula]>),
}

/// A node or its negation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Formula {
    node: u32,
    negated: bool,
}

impl Formula {
    fn not(self) -> Formula {
        Formula {
            negated: !self.negated,
            ..self
        }
    }
}

/// Formulas, their atoms and variables, each once.
#[derive(Default)]
pub(crate) struct Formulas {
    nodes: Vec<Node>,
    numbers: Map<Node, u32>,
    atoms: Vec<Arc<(Part, Test)>>,
    atom_numbers: Map<Arc<(Part, Test)>, AtomId>,
    variables: Vec<Variable>,
}

impl Formulas {
    pub(crate) fn new() -> Formulas {
        let mut formulas = Formulas::default();
        formulas.node(Node::True);
        formulas
    }

    fn node(&mut self, node: Node) -> Formula {
        let nodes = &mut self.nodes;
        let number = *self.numbers.entry(node).or_insert_with_key(|node| {
            nodes.push(node.clone());
            (nodes.len() - 1) as u32
        });
        Formula {
            node: number,
            negated: false,
        }
    }

    /// What an atom tests.
    pub(crate) fn atom(&self, atom: AtomId) -> Option<&(Part, Test)> {
        self.atoms.get(atom.0 as usize).map(|atom| &**atom)
    }

    /// A policy variable by its number.
    pub(crate) fn variable_of(&self, id: VariableId) -> Option<&Variable> {
        self.variables.get(id.0 as usize)
    }

    /// Demands the formula of a solver. Each atom is a variable of the solver, found by [`Clauses`].
    pub(crate) fn demand(&self, formula: Formula, solver: &mut Solver, clauses: &mut Clauses) {
        let literal = clauses.literal(self, formula, solver);
        solver.add(&[literal]);
    }

    /// The size of the graph.
    pub(crate) fn size(&self) -> usize {
        self.nodes.len()
    }

    /// What follows for each of some formulas from these answers; nothing if that depends on others.
    pub(crate) fn follow(&self, formulas: &[Formula], wishes: &[Wish]) -> Vec<Option<bool>> {
        let mut truths: Vec<Option<bool>> = Vec::with_capacity(self.nodes.len());
        let of = |truths: &[Option<bool>], own: &Formula| {
            let truth = truths.get(own.node as usize).copied().flatten();
            truth.map(|truth| truth != own.negated)
        };
        for node in &self.nodes {
            let truth = match node {
                Node::True => Some(true),
                Node::Atom(atom) => {
                    let wish = wishes.iter().find(|(own, _)| own == atom);
                    wish.map(|(_, wanted)| *wanted)
                }
                Node::And(all) => {
                    let mut parts = all.iter().map(|own| of(&truths, own));
                    match parts.clone().any(|part| part == Some(false)) {
                        true => Some(false),
                        false => parts.all(|part| part == Some(true)).then_some(true),
                    }
                }
            };
            truths.push(truth);
        }
        formulas.iter().map(|own| of(&truths, own)).collect()
    }

    /// The atoms that make formulas true under the values of a solver: as few as are easily found.
    pub(crate) fn reasons(
        &self,
        roots: &[Formula],
        solver: &Solver,
        clauses: &Clauses,
    ) -> Vec<Wish> {
        let truths = self.truths(solver, clauses);
        let is_true = |own: &Formula| {
            let node = truths.get(own.node as usize).copied();
            node.unwrap_or_default() != own.negated
        };
        let mut wishes: Vec<Wish> = Vec::new();
        let mut seen: Map<Formula, ()> = Map::default();
        // What leaves no choice is followed first, so that choices can agree with it.
        let mut next = roots.to_vec();
        let mut choices: Vec<Formula> = Vec::new();
        loop {
            let (formula, is_choice) = match next.pop() {
                Some(formula) => (formula, false),
                None => match choices.pop() {
                    Some(formula) => (formula, true),
                    None => break,
                },
            };
            if !is_choice && seen.insert(formula, ()).is_some() {
                continue;
            }
            match self.nodes.get(formula.node as usize) {
                None | Some(Node::True) => {}
                Some(Node::Atom(atom)) => wishes.push((*atom, !formula.negated)),
                Some(Node::And(all)) if !formula.negated => next.extend(all.iter()),
                Some(Node::And(_)) if !is_choice => choices.push(formula),
                Some(Node::And(all)) => {
                    let candidates = all.iter().map(|own| own.not()).filter(is_true);
                    let best = candidates.min_by_key(|own| self.rank(*own, &seen));
                    next.extend(best);
                }
            }
        }
        wishes.sort_unstable();
        wishes.dedup();
        wishes
    }

    /// What is better to rest on: what is needed anyway, then what is easy to look at.
    fn rank(&self, formula: Formula, seen: &Map<Formula, ()>) -> u32 {
        if seen.contains_key(&formula) {
            return 0;
        }
        match self.nodes.get(formula.node as usize) {
            Some(Node::Atom(atom)) => match self.atom(*atom) {
                Some((Part::Action, _)) => 1,
                Some((Part::Resource, test)) => {
                    let open = test.language().is_some_and(|own| own.has_variable());
                    2 + u32::from(open)
                }
                Some((_, test)) => {
                    let open = test.language().is_some_and(|own| own.has_variable());
                    4 + u32::from(open)
                }
                None => 9,
            },
            _ => 8,
        }
    }

    /// The truth of each node; nodes come after what they are made of.
    fn truths(&self, solver: &Solver, clauses: &Clauses) -> Vec<bool> {
        let mut truths: Vec<bool> = Vec::with_capacity(self.nodes.len());
        for node in &self.nodes {
            let truth = match node {
                Node::True => true,
                Node::Atom(atom) => {
                    let variable = clauses.atoms.get(atom);
                    variable.is_some_and(|variable| solver.value(*variable as usize))
                }
                Node::And(all) => all.iter().all(|own| {
                    let node = truths.get(own.node as usize).copied();
                    node.unwrap_or_default() != own.negated
                }),
            };
            truths.push(truth);
        }
        truths
    }
}

impl Algebra for Formulas {
    type Value = Formula;

    fn variable(&mut self, variable: Variable) -> VariableId {
        let known = self.variables.iter().position(|own| *own == variable);
        let at = known.unwrap_or_else(|| {
            self.variables.push(variable);
            self.variables.len() - 1
        });
        VariableId(at as u32)
    }

    fn constant(&mut self, value: bool) -> Formula {
        let formula = self.node(Node::True);
        if value { formula } else { formula.not() }
    }

    fn test(&mut self, part: Part, test: Test) -> Formula {
        // The id is that of the key.
        let part = match part {
            Part::UserId => Part::Key("aws:userid".to_owned()),
            part => part,
        };
        let atoms = &mut self.atoms;
        let atom = *self
            .atom_numbers
            .entry(Arc::new((part, test)))
            .or_insert_with_key(|atom| {
                atoms.push(Arc::clone(atom));
                AtomId((atoms.len() - 1) as u32)
            });
        self.node(Node::Atom(atom))
    }

    fn not(&mut self, value: Formula) -> Formula {
        value.not()
    }

    fn and(&mut self, values: Vec<Formula>) -> Formula {
        let yes = self.constant(true);
        let mut all: Vec<Formula> = Vec::with_capacity(values.len());
        for value in values {
            match self.nodes.get(value.node as usize) {
                Some(Node::And(inner)) if !value.negated => all.extend(inner.iter()),
                _ => all.push(value),
            }
        }
        all.sort_unstable();
        all.dedup();
        all.retain(|own| *own != yes);
        let is_false = all.windows(2).any(|pair| match pair {
            [a, b] => a.node == b.node,
            _ => false,
        });
        if is_false || all.contains(&yes.not()) {
            return yes.not();
        }
        match all.as_slice() {
            [] => yes,
            [one] => *one,
            _ => self.node(Node::And(all.into())),
        }
    }

    fn or(&mut self, values: Vec<Formula>) -> Formula {
        let negated = values.into_iter().map(Formula::not).collect();
        self.and(negated).not()
    }
}

/// The clauses that say what formulas mean, for the direction in which they are used (Plaisted and Greenbaum 1986).
#[derive(Default)]
pub(crate) struct Clauses {
    atoms: Map<AtomId, u32>,
    formulas: Map<Formula, Literal>,
}

impl Clauses {
    /// The literal of an atom that has an answer.
    pub(crate) fn wish(&mut self, wish: Wish, solver: &mut Solver) -> Literal {
        let variable = *self
            .atoms
            .entry(wish.0)
            .or_insert_with(|| solver.variable());
        Literal::new(variable, wish.1)
    }

    /// A literal that is true only if the formula is.
    fn literal(&mut self, formulas: &Formulas, formula: Formula, solver: &mut Solver) -> Literal {
        let mut made = Vec::new();
        let literal = self.shallow(formulas, formula, solver, &mut made);
        while let Some((own, literal)) = made.pop() {
            let Some(Node::And(all)) = formulas.nodes.get(own.node as usize) else {
                continue;
            };
            let mut inner = Vec::with_capacity(all.len());
            for part in all.iter() {
                let part = if own.negated { part.not() } else { *part };
                inner.push(self.shallow(formulas, part, solver, &mut made));
            }
            match own.negated {
                true => {
                    inner.push(literal.negated());
                    solver.add(&inner);
                }
                false => {
                    for part in inner {
                        solver.add(&[literal.negated(), part]);
                    }
                }
            }
        }
        literal
    }

    fn shallow(
        &mut self,
        formulas: &Formulas,
        formula: Formula,
        solver: &mut Solver,
        made: &mut Vec<(Formula, Literal)>,
    ) -> Literal {
        if let Some(Node::Atom(atom)) = formulas.nodes.get(formula.node as usize) {
            return self.wish((*atom, !formula.negated), solver);
        }
        if let Some(literal) = self.formulas.get(&formula) {
            return *literal;
        }
        let literal = Literal::new(solver.variable(), true);
        self.formulas.insert(formula, literal);
        match formulas.nodes.get(formula.node as usize) {
            Some(Node::True) if formula.negated => solver.add(&[literal.negated()]),
            Some(Node::True) => {}
            _ => made.push((formula, literal)),
        }
        literal
    }
}
