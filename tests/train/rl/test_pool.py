"""The curriculum."""

import json

from tamsa.train.rl.pool import Pool
from tamsa.train.rl.prompts import Prompt
from tamsa.train.rl.recipe import PoolSettings

PROMPTS = [Prompt(str(n), f"question {n}", ("x",), 0) for n in range(40)]
SETTINGS = PoolSettings(active=8, min_tries=4)


def play(pool, rewards, rounds):
    """Draw and report; the rewards of a prompt depend on it alone."""
    seen = []
    for _ in range(rounds):
        for prompt in pool.draw(4):
            seen.append(prompt.id)
            pool.report(prompt, rewards(int(prompt.id)))
    return seen


def test_what_is_always_or_never_solved_makes_room_for_others():
    def rewards(number):
        return [1.0] * 4 if number % 2 else [0.0] * 4

    pool = Pool(PROMPTS, SETTINGS, seed=1)
    seen = play(pool, rewards, 20)
    assert len(set(seen)) == 40, "every prompt gets its turn"
    assert pool.num_retired > 0
    assert pool.num_active == 8


def test_what_is_solved_sometimes_stays():
    pool = Pool(PROMPTS, SETTINGS, seed=1)
    seen = play(pool, lambda _: [1.0, 0.0, 0.0, 1.0], 20)
    assert len(set(seen)) == 8


def test_a_never_solved_prompt_comes_again():
    pool = Pool(PROMPTS, SETTINGS, seed=1)
    seen = play(pool, lambda _: [0.0] * 4, 30)
    assert max(map(seen.count, set(seen))) >= 2


def test_the_same_seed_gives_the_same_prompts_and_a_restored_pool_goes_on():
    def rewards(number):
        return [float(number % 3 == 0)] * 4

    whole, first, second = (Pool(PROMPTS, SETTINGS, seed=s) for s in (3, 3, 9))
    expected = play(whole, rewards, 12)
    begun = play(first, rewards, 5)
    second.restore(json.loads(json.dumps(first.state())))
    assert begun + play(second, rewards, 7) == expected
